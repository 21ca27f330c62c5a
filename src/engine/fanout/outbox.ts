/** Bounded send queue of one connection; decides when a peer is slow. */

import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';
import type { Connection } from '../ports/connection.js';
import type { Counters } from '../ports/counters.js';
import type { Flushable, Turn } from '../time/turn.js';
import { framesOf, maxFramingBytes } from './joined-frames.js';
import { roomIn } from './reply-room.js';
import type { Variant, Variants } from './variant.js';

/** What the outbox tells its owner. */
export interface OutboxOwner {
  /** More than the limit waits for the peer. Called once; the outbox drops everything from then on. */
  onSlow(): void;
}

/** What all outboxes of a node share. */
export interface OutboxPorts {
  readonly turn: Turn;
  readonly counters: Counters;
  readonly variants: Variants;
  readonly limits: { readonly maxQueueBytes: number };
}

/**
 * Messages of the connection's own are gathered until the end of the turn; shared frames are written at once, after
 * what was gathered before them. The order of the calls is the order on the wire.
 */
export class Outbox implements Flushable {
  readonly #connection: Connection;
  readonly #owner: OutboxOwner;
  readonly #ports: OutboxPorts;
  /** Undefined while there is nothing: most connections are idle most of the time. */
  #gathered: EncodedMessage[] | undefined;
  #gatheredBytes = 0;
  #closed = false;

  constructor(connection: Connection, owner: OutboxOwner, ports: OutboxPorts) {
    this.#connection = connection;
    this.#owner = owner;
    this.#ports = ports;
  }

  /** Of a subscription of this connection. */
  variant(joinLeave: boolean): Variant {
    return this.#ports.variants.of(this.#connection.encoding, joinLeave);
  }

  /** For what is encoded and may have no room; see {@link Protocol.checkpoint}. */
  checkpoint(): (() => void) | undefined {
    return this.#connection.encoding.protocol.checkpoint?.();
  }

  /** Bytes that wait for the peer. */
  get queuedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  /** Whether so many bytes more, with all that is wrapped around them, may wait for the peer without making it slow. */
  hasRoomFor(numBytes: number): boolean {
    return this.#closed || this.queuedBytes + this.#gatheredBytes + numBytes <= roomIn(this.#ports.limits);
  }

  /** Adds a message for this connection alone. */
  send(message: EncodedMessage): void {
    if (this.#closed) return;
    // Exact where it matters: large messages are what room is asked for. A character has at most 3 bytes.
    const { length } = message;
    this.#gatheredBytes += (length > 512 ? Buffer.byteLength(message) : length * 3) + maxFramingBytes;
    if (this.#gathered !== undefined) {
      this.#gathered.push(message);
      return;
    }
    this.#gathered = [message];
    this.#ports.turn.addOutbox(this);
  }

  /** Writes bytes that {@link SharedFrame} made for this connection's encoding. Hot: once per subscriber and fan-out. */
  writeShared(bytes: Uint8Array): void {
    if (this.#gathered !== undefined) this.flush();
    this.#write(bytes);
  }

  /** Writes what was gathered. */
  flush(): void {
    const messages = this.#gathered;
    if (messages === undefined) return;
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    this.#write(framesOf(this.#connection.encoding, messages));
  }

  /** Drops what was gathered and everything that is to come. */
  close(): void {
    this.#closed = true;
    this.#gathered = undefined;
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (this.#connection.bufferedBytes + bytes.length > this.#ports.limits.maxQueueBytes) {
      this.close();
      this.#owner.onSlow();
      return;
    }
    const { counters } = this.#ports;
    counters.framesOut++;
    counters.bytesOut += bytes.length;
    this.#connection.write(bytes);
  }
}
