/** Bounded send queue of one connection; decides when a peer is slow. */

import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';
import type { Connection } from '../ports/connection.js';
import { type Counters, writesPerQueueSample } from '../ports/counters.js';
import type { Flushable, Turn } from '../time/turn.js';
import { framesOf, mostBytes } from './joined-frames.js';
import type { Parcel } from './parcel.js';
import { roomIn } from './reply-room.js';
import type { Rhythm } from './rhythm.js';
import type { Terms, Variant, Variants } from './variant.js';

/** What the outbox reports to its owner. */
export interface OutboxOwner {
  /** More than the limit waits for the peer. Called once; from then on the outbox drops everything. */
  onSlow(): void;
}

/** What all outboxes of a node share. */
export interface OutboxPorts {
  readonly turn: Turn;
  readonly counters: Counters;
  readonly variants: Variants;
  readonly limits: { readonly maxQueueBytes: number };
}

/** Shared messages are written before the end of the turn if more than this would be waiting. */
const maxDueBytes = 65_536;

/**
 * The connection's own messages and those that it shares with others are gathered until the end of the turn, and leave
 * in one write. The order of the calls is the order on the wire.
 */
export class Outbox implements Flushable {
  readonly #connection: Connection;
  readonly #owner: OutboxOwner;
  readonly #ports: OutboxPorts;
  /** What is due, while all of it is shared. */
  #shared: Parcel | undefined;
  /** What is due, once it includes own messages. Usually nothing is due, and both are `undefined`. */
  #gathered: EncodedMessage[] | undefined;
  #dueBytes = 0;
  #closed = false;
  #rhythm: Rhythm | undefined;

  constructor(connection: Connection, owner: OutboxOwner, ports: OutboxPorts) {
    this.#connection = connection;
    this.#owner = owner;
    this.#ports = ports;
  }

  /** The variant of a subscription of this connection. */
  variant(terms: Terms): Variant {
    return this.#ports.variants.of(this.#connection.encoding, terms);
  }

  /** For messages that are encoded before there is room for them; see {@link Protocol.checkpoint}. */
  checkpoint(): (() => void) | undefined {
    return this.#connection.encoding.protocol.checkpoint?.();
  }

  /** Bytes that wait for the peer. */
  get queuedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  /** Whether this many more bytes, framing included, may wait for the peer without making it slow. */
  hasRoomFor(numBytes: number): boolean {
    return this.#closed || this.queuedBytes + this.#dueBytes + numBytes <= roomIn(this.#ports.limits);
  }

  /** Whether the connection has taken everything that was written to it, so that more leaves at once. */
  get takesMore(): boolean {
    return this.#closed || (this.#connection.bufferedBytes === 0 && this.#dueBytes < maxDueBytes);
  }

  /** As {@link takesMore}, and all of so many bytes, framing included, is within the limit. */
  takes(numBytes: number): boolean {
    return this.takesMore && (this.#closed || this.#dueBytes + numBytes <= roomIn(this.#ports.limits));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Of the beats in which it gets what it has a rate for; `undefined` before the first of these subscriptions. */
  get rhythm(): Rhythm | undefined {
    return this.#rhythm;
  }

  /** From the first time on it keeps that one. */
  keepRhythm(rhythm: Rhythm): void {
    this.#rhythm ??= rhythm;
  }

  /** Adds a message for this connection alone. */
  send(message: EncodedMessage): void {
    if (this.#closed) return;
    if (this.#gathered === undefined) {
      if (this.#shared === undefined) this.#ports.turn.addOutbox(this);
      this.#gathered = [...(this.#shared?.messages() ?? [])];
      this.#shared = undefined;
    }
    this.#dueBytes += mostBytes(message);
    this.#gathered.push(message);
  }

  /** Adds messages shared with other connections of its encoding. Hot: once per subscriber and fan-out. */
  share(parcel: Parcel): void {
    if (this.#closed) return;
    if (this.#dueBytes > 0 && this.#dueBytes + parcel.numBytes > maxDueBytes) this.flush();
    this.#dueBytes += parcel.numBytes;
    if (this.#gathered !== undefined) for (const message of parcel.messages()) this.#gathered.push(message);
    else if (this.#shared !== undefined) this.#shared = this.#shared.and(parcel);
    else {
      this.#shared = parcel;
      this.#ports.turn.addOutbox(this);
    }
    if (this.#dueBytes >= maxDueBytes) this.flush();
  }

  /** Writes bytes of this connection's encoding now, after everything that is due, in a frame of their own. */
  writeAlone(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes);
  }

  /** Writes everything that is due. */
  flush(): void {
    if (this.#dueBytes === 0) return;
    const [shared, gathered] = [this.#shared, this.#gathered];
    this.#forget();
    if (shared !== undefined) this.#write(shared.bytes);
    else if (gathered !== undefined) this.#write(framesOf(this.#connection.encoding, gathered));
  }

  /** Drops what is due and everything later. */
  close(): void {
    this.#closed = true;
    this.#forget();
  }

  #forget(): void {
    this.#shared = undefined;
    this.#gathered = undefined;
    this.#dueBytes = 0;
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    const waiting = this.#connection.bufferedBytes;
    if (waiting + bytes.length > this.#ports.limits.maxQueueBytes) {
      this.close();
      this.#owner.onSlow();
      return;
    }
    const { counters } = this.#ports;
    if ((++counters.framesOut & (writesPerQueueSample - 1)) === 0) counters.queues.observe(waiting);
    counters.bytesOut += bytes.length;
    this.#connection.write(bytes);
  }
}
