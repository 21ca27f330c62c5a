/** The connection of a polling client: data waits for the next poll, or answers the waiting one. */

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

/** Larger amounts of data are split over several answers. */
const maxBatchBytes = 524_288;
/** This much is sent without spacing: the cost of the answer is small in comparison, and the queue must not fill up. */
const minUnspacedBytes = 16_384;
/** How long the last messages are kept for a client that does not poll. */
const closeTimeoutMs = 4_000;

/** What all polling connections of a transport share. */
export interface PollingPorts {
  /** Runs after the node's own turn, so that data of several channels shares one answer. */
  readonly turn: Turn;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly graceMs: number;
  readonly spacing: Spacing;
}

/** The answer to a poll. */
export type PollOutcome =
  | { readonly kind: 'batch'; readonly batch: Batch }
  /** No data arrived, or a newer poll replaced this one. */
  | { readonly kind: 'nothing'; readonly seq: number }
  /** The client has the last messages; the session is gone. */
  | { readonly kind: 'over' }
  | { readonly kind: 'late' }
  | { readonly kind: 'impossible' };

export class PollingConnection implements Connection, Flushable, Expiring {
  readonly transport = 'long_polling';
  readonly encoding: Encoding = lines;
  readonly #batches = new BatchQueue(maxBatchBytes);
  #state: 'open' | 'closing' | 'ended' = 'open';
  /** Answers the waiting poll. */
  #hanging: ((outcome: PollOutcome) => void) | undefined;
  #isDue = false;
  /** When the next new batch may be sent. */
  #freeAtMs = 0;
  #cancelFlush: Cancel | undefined;
  /** The deadline of the waiting poll, of the grace period without one, or of the last messages. */
  #deadline: number;

  constructor(
    private readonly ports: PollingPorts /** Called once, when the client no longer polls or everything was delivered. */,
    private readonly onEnd: () => void,
  ) {
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
    this.ports.turn.addOutbox(this);
  }

  /** Answers the waiting poll with the queued data, after a pause if the last answer is too recent. */
  flush(): void {
    this.#isDue = false;
    const hanging = this.#hanging;
    if (hanging === undefined || this.#isTooEarly()) return;
    const batch = this.#nextBatch();
    if (batch === undefined) return;
    this.#hanging = undefined;
    this.#await(this.ports.graceMs);
    hanging({ kind: 'batch', batch });
  }

  /** The reason is a push, and the last one. */
  close(disconnect: Disconnect): void {
    if (this.#state !== 'open') return;
    const { protocol } = this.encoding;
    this.#batches.push(framesOf(this.encoding, [protocol.encodePush({ kind: 'disconnect', disconnect })]));
    this.#state = 'closing';
    this.#expireIn(closeTimeoutMs);
    this.flush();
  }

  /** @param recipient tells when the client no longer waits for the answer */
  poll(ack: number, recipient: Recipient): { readonly isNew: boolean; readonly outcome: Promise<PollOutcome> } {
    const acknowledged = this.#batches.acknowledge(ack);
    return { isNew: acknowledged === 'taken', outcome: this.#outcome(ack, acknowledged, recipient) };
  }

  /** The client has left or can no longer be reached. Idempotent. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.ports.deadlines.remove(this, this.#deadline);
    this.#cancelFlush?.();
    this.#batches.clear();
    const hanging = this.#hanging;
    this.#hanging = undefined;
    this.onEnd();
    hanging?.({ kind: 'over' });
  }

  onDeadline(): void {
    if (this.#hanging === undefined) this.end();
    else this.#answerNothing();
  }

  async #outcome(ack: number, acknowledged: Acknowledgement, recipient: Recipient): Promise<PollOutcome> {
    if (this.#state === 'ended') return { kind: 'over' };
    // An outdated poll must not replace the newer one.
    if (acknowledged === 'late' || acknowledged === 'impossible') return { kind: acknowledged };
    this.#answerNothing();
    if (this.#batches.isRepeating || !this.#isTooEarly()) {
      const batch = this.#nextBatch();
      if (batch !== undefined) {
        this.#await(this.ports.graceMs);
        return { kind: 'batch', batch };
      }
      if (this.#state !== 'open') {
        this.end();
        return { kind: 'over' };
      }
    }
    return recipient.hasLeft ? { kind: 'nothing', seq: ack } : this.#hang(recipient);
  }

  /** Without spacing, clients would get one answer per message, and an answer costs far more than a message. */
  #isTooEarly(): boolean {
    if (this.#state !== 'open') return false;
    if (this.#batches.bytes === 0 || this.#batches.bytes >= minUnspacedBytes) return false;
    const { clock } = this.ports;
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
    if (batch !== undefined) this.#freeAtMs = this.ports.clock.nowMs() + this.ports.spacing.nextMs();
    return batch;
  }

  #hang(recipient: Recipient): Promise<PollOutcome> {
    return new Promise((resolve) => {
      this.#hanging = resolve;
      this.#await(this.ports.waitMs);
      recipient.onLeave(() => {
        if (this.#hanging === resolve) this.#answerNothing();
      });
    });
  }

  #answerNothing(): void {
    const hanging = this.#hanging;
    if (hanging === undefined) return;
    this.#hanging = undefined;
    this.#await(this.ports.graceMs);
    hanging({ kind: 'nothing', seq: this.#batches.acknowledgedSeq });
  }

  /** The deadline of a closing connection is not extended. */
  #await(delayMs: number): void {
    if (this.#state === 'open') this.#expireIn(delayMs);
  }

  #expireIn(delayMs: number): void {
    const { deadlines } = this.ports;
    deadlines.remove(this, this.#deadline);
    this.#deadline = deadlines.add(this, delayMs);
  }
}
