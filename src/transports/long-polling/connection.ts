/** The connection of a client that polls: what is written to it waits for the next poll, or ends the one that hangs. */

import type { Connection, Encoding } from '../../engine/connection.js';
import type { Deadlines, Expiring } from '../../engine/deadlines.js';
import { frameOf } from '../../engine/shared-frame.js';
import type { Flushable, Turn } from '../../engine/turn.js';
import type { Disconnect } from '../../model/codes.js';
import { lines } from '../streaming/format.js';
import { type Acknowledgement, type Batch, BatchQueue } from './batch-queue.js';

/** More goes into the next answer. */
const maxBatchBytes = 524_288;
/** How long the last words are kept for a client that does not come for them. */
const closeTimeoutMs = 4_000;

/** What all polling connections of a transport share. */
export interface PollingPorts {
  /** Runs behind the node's own: what the end of a turn brings from several channels leaves in one answer. */
  readonly turn: Turn;
  readonly deadlines: Deadlines;
  readonly waitMs: number;
  readonly graceMs: number;
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

  /** Answers the poll that hangs with what is there. */
  flush(): void {
    this.#isDue = false;
    const hanging = this.#hanging;
    const batch = hanging && this.#batches.next();
    if (batch === undefined) return;
    this.#hanging = undefined;
    this.#await(this.#ports.graceMs);
    hanging?.({ kind: 'batch', batch });
  }

  /** The reason is a push, the last one. */
  close(disconnect: Disconnect): void {
    if (this.#state !== 'open') return;
    const { protocol } = this.encoding;
    this.#batches.push(frameOf(this.encoding, [protocol.encodePush({ kind: 'disconnect', disconnect })]));
    this.#state = 'closing';
    this.#expireIn(closeTimeoutMs);
    this.flush();
  }

  /** @param gone aborted when nobody waits for the answer any more */
  poll(ack: number, gone: AbortSignal): { readonly isNew: boolean; readonly outcome: Promise<PollOutcome> } {
    const acknowledged = this.#batches.acknowledge(ack);
    return { isNew: acknowledged === 'taken', outcome: this.#outcome(ack, acknowledged, gone) };
  }

  /** The client has left, or nobody knows how to reach it any more. Idempotent. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#ports.deadlines.remove(this, this.#deadline);
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

  async #outcome(ack: number, acknowledged: Acknowledgement, gone: AbortSignal): Promise<PollOutcome> {
    if (this.#state === 'ended') return { kind: 'over' };
    // What was overtaken must not end the poll that overtook it.
    if (acknowledged === 'late' || acknowledged === 'impossible') return { kind: acknowledged };
    this.#answerNothing();
    const batch = this.#batches.next();
    if (batch !== undefined) {
      this.#await(this.#ports.graceMs);
      return { kind: 'batch', batch };
    }
    if (this.#state !== 'open') {
      this.end();
      return { kind: 'over' };
    }
    return gone.aborted ? { kind: 'nothing', seq: ack } : this.#hang(gone);
  }

  #hang(gone: AbortSignal): Promise<PollOutcome> {
    return new Promise((resolve) => {
      this.#hanging = resolve;
      this.#await(this.#ports.waitMs);
      gone.addEventListener('abort', () => {
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
