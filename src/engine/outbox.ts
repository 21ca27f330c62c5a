/** Bounded send queue of one connection; decides when a peer is slow. */

import type { EncodedMessage } from '../protocols/protocol.js';
import type { Connection, Encoding } from './connection.js';
import type { Counters } from './counters.js';
import { frameOf } from './shared-frame.js';
import type { Flushable, Turn } from './turn.js';

/** What the outbox tells its owner. */
export interface OutboxOwner {
  /** More than the limit waits for the peer. Called once; the outbox drops everything from then on. */
  onSlow(): void;
}

/**
 * Messages of the connection's own are gathered until the end of the turn; shared frames are written at once, after
 * what was gathered before them. The order of the calls is the order on the wire.
 */
export class Outbox implements Flushable {
  readonly #connection: Connection;
  readonly #owner: OutboxOwner;
  readonly #turn: Turn;
  readonly #counters: Counters;
  readonly #maxQueueBytes: number;
  readonly encoding: Encoding;
  #gathered: EncodedMessage[] = [];
  #closed = false;

  constructor(connection: Connection, owner: OutboxOwner, turn: Turn, counters: Counters, maxQueueBytes: number) {
    this.#connection = connection;
    this.#owner = owner;
    this.#turn = turn;
    this.#counters = counters;
    this.#maxQueueBytes = maxQueueBytes;
    this.encoding = connection.encoding;
  }

  /** Bytes that wait for the peer. */
  get queuedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  /** Adds a message for this connection alone. */
  send(message: EncodedMessage): void {
    if (this.#closed) return;
    this.#gathered.push(message);
    if (this.#gathered.length === 1) this.#turn.addOutbox(this);
  }

  /** Writes bytes that {@link SharedFrame} made for this encoding. Hot: once per subscriber and fan-out. */
  writeShared(bytes: Uint8Array): void {
    if (this.#gathered.length > 0) this.flush();
    this.#write(bytes);
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    const messages = this.#gathered;
    this.#gathered = [];
    this.#write(frameOf(this.encoding, messages));
  }

  /** Drops what was gathered and everything that is to come. */
  close(): void {
    this.#closed = true;
    this.#gathered = [];
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (this.#connection.bufferedBytes + bytes.length > this.#maxQueueBytes) {
      this.close();
      this.#owner.onSlow();
      return;
    }
    this.#counters.framesOut++;
    this.#counters.bytesOut += bytes.length;
    this.#connection.write(bytes);
  }
}
