/** The connection of a client that polls: what is written to it waits for the next poll, or ends the one that hangs. */

import { framesOf } from '../../engine/fanout/joined-frames.js';
import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { Connection, Encoding } from '../../engine/ports/connection.js';
import type { Deadlines, Expiring } from '../../engine/time/deadlines.js';
import type { Flushable, Turn } from '../../engine/time/turn.js';
import type { Disconnect } from '../../model/codes.js';
import type { Recipient } from '../recipient.js';
import { lines } from '../streaming/format.js';
import { type Acknowledgement, type Batch, BatchQueue } from './batch-queue.js';
import type { Spacing } from './spacing.js';

/** More goes into the next answer. */
const maxBatchBytes = 524_288;
/** So much goes at once: an answer of its own costs little beside it, and the queue must not fill up. */
const minUnspacedBytes = 16_384;
/** How long the last words are kept for a client that does not come for them. */
const closeTimeoutMs = 4_000;

/** What all polling connections of a transport share. */
export interface PollingPorts {
  /** Runs behind the node's own: what the end of a turn brings from several channels leaves in one answer. */
  readonly turn: Turn;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly graceMs: number;
  readonly spacing: Spacing;
}

/** What a poll is answered with. */
export type PollOutcome =
  | { readonly kind: 'batch'; readonly batch: Batch }
  /** Nothing came, or a newer poll did. */
  | { readonly kind: 'nothing'; readonly seq: number }
  /** The last words were received; there is no session any more. */
  | { readonly kind: 'over' }
  | { readonly kind: 'late' }
  | { readonly kind: 'impossible' };

export class PollingConnection implements Connection, Flushable, Expiring {
  readonly transport = 'long_polling';
  readonly encoding: Encoding = lines;
  readonly #ports: PollingPorts;
  /** Called once: nobody polls any more, or all has been said. */
  readonly #onEnd: () => void;
  readonly #batches = new BatchQueue(maxBatchBytes);
  #state: 'open' | 'closing' | 'ended' = 'open';
  /** Answers the poll that hangs. */
  #hanging: ((outcome: PollOutcome) => void) | undefined;
  #isDue = false;
  /** When the next new batch may go. */
  #freeAtMs = 0;
  #cancelFlush: Cancel | undefined;
  /** The end of the poll that hangs, of the grace without one, or of the last words. */
  #deadline: number;

  constructor(ports: PollingPorts, onEnd: () => void) {
    this.#ports = ports;
    this.#onEnd = onEnd;
    this.#deadline = ports.deadlines.add(this, ports.graceMs);
  }

  get bufferedBytes(): number {
    return this.#batches.bytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#batches.push(bytes);
    if (this.#hanging === undefined || this.#isDue) return;
    this.#isDue = true;
    this.#ports.turn.addOutbox(this);
  }

  /** Answers the poll that hangs with what is there, or in a moment, when the last answer was a moment ago. */
  flush(): void {
    this.#isDue = false;
    const hanging = this.#hanging;
    if (hanging === undefined || this.#isTooEarly()) return;
    const batch = this.#nextBatch();
    if (batch === undefined) return;
    this.#hanging = undefined;
    this.#await(this.#ports.graceMs);
    hanging({ kind: 'batch', batch });
  }

  /** The reason is a push, the last one. */
  close(disconnect: Disconnect): void {
    if (this.#state !== 'open') return;
    const { protocol } = this.encoding;
    this.#batches.push(framesOf(this.encoding, [protocol.encodePush({ kind: 'disconnect', disconnect })]));
    this.#state = 'closing';
    this.#expireIn(closeTimeoutMs);
    this.flush();
  }

  /** @param recipient leaves when nobody waits for the answer any more */
  poll(ack: number, recipient: Recipient): { readonly isNew: boolean; readonly outcome: Promise<PollOutcome> } {
    const acknowledged = this.#batches.acknowledge(ack);
    return { isNew: acknowledged === 'taken', outcome: this.#outcome(ack, acknowledged, recipient) };
  }

  /** The client has left, or nobody knows how to reach it any more. Idempotent. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#ports.deadlines.remove(this, this.#deadline);
    this.#cancelFlush?.();
    this.#batches.clear();
    const hanging = this.#hanging;
    this.#hanging = undefined;
    this.#onEnd();
    hanging?.({ kind: 'over' });
  }

  onDeadline(): void {
    if (this.#hanging === undefined) this.end();
    else this.#answerNothing();
  }

  async #outcome(ack: number, acknowledged: Acknowledgement, recipient: Recipient): Promise<PollOutcome> {
    if (this.#state === 'ended') return { kind: 'over' };
    // What was overtaken must not end the poll that overtook it.
    if (acknowledged === 'late' || acknowledged === 'impossible') return { kind: acknowledged };
    this.#answerNothing();
    if (this.#batches.isRepeating || !this.#isTooEarly()) {
      const batch = this.#nextBatch();
      if (batch !== undefined) {
        this.#await(this.#ports.graceMs);
        return { kind: 'batch', batch };
      }
      if (this.#state !== 'open') {
        this.end();
        return { kind: 'over' };
      }
    }
    return recipient.hasLeft ? { kind: 'nothing', seq: ack } : this.#hang(recipient);
  }

  /** Under a steady load clients would be answered once for each message, and an answer costs far more than a message. */
  #isTooEarly(): boolean {
    if (this.#state !== 'open') return false;
    if (this.#batches.bytes === 0 || this.#batches.bytes >= minUnspacedBytes) return false;
    const { clock } = this.#ports;
    const earlyMs = this.#freeAtMs - clock.nowMs();
    if (earlyMs <= 0) return false;
    this.#cancelFlush ??= clock.schedule(() => {
      this.#cancelFlush = undefined;
      this.flush();
    }, earlyMs);
    return true;
  }

  #nextBatch(): Batch | undefined {
    const batch = this.#batches.next();
    if (batch !== undefined) this.#freeAtMs = this.#ports.clock.nowMs() + this.#ports.spacing.nextMs();
    return batch;
  }

  #hang(recipient: Recipient): Promise<PollOutcome> {
    return new Promise((resolve) => {
      this.#hanging = resolve;
      this.#await(this.#ports.waitMs);
      recipient.onLeave(() => {
        if (this.#hanging === resolve) this.#answerNothing();
      });
    });
  }

  #answerNothing(): void {
    const hanging = this.#hanging;
    if (hanging === undefined) return;
    this.#hanging = undefined;
    this.#await(this.#ports.graceMs);
    hanging({ kind: 'nothing', seq: this.#batches.acknowledgedSeq });
  }

  /** A connection that closes has no further time, whatever its client does. */
  #await(delayMs: number): void {
    if (this.#state === 'open') this.#expireIn(delayMs);
  }

  #expireIn(delayMs: number): void {
    const { deadlines } = this.#ports;
    deadlines.remove(this, this.#deadline);
    this.#deadline = deadlines.add(this, delayMs);
  }
}
