/** Holds one answer for a program that makes it: numbers its appends, repeats them, gives signs of life, and hears when to stop. */

import { type Addition, type AnswerContent, joined, nothingAdded } from '../../model/answer-part.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { JsonText } from '../../model/json-text.js';
import type { AnswerChange, AnswerStatus } from '../ports/answer-store.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { StreamTerms } from './stream-terms.js';

/** `cancelled`: a reader wants no more. `alone`: nobody reads it. `lost`: another producer has opened it. `closing`: the node ends. */
export type Stop = 'cancelled' | 'alone' | 'lost' | 'closing';

export interface ProducerPorts {
  readonly clock: Clock;
  readonly terms: StreamTerms;
  readonly id: string;
  /** After it was opened. */
  readonly status: AnswerStatus;
  readonly change: (change: AnswerChange) => Promise<AnswerStatus>;
  /** It has ended, or is lost. */
  readonly onEnd: () => void;
}

/** How long an append is repeated while the broker cannot be reached. */
const maxRetryMs = 10_000;
const firstRetryMs = 50;
const longestRetryMs = 1_000;

const reasons = {
  cancelled: ['ERR_STREAM_CANCELLED', 'a reader has cancelled the stream'],
  alone: ['ERR_STREAM_CANCELLED', 'nobody has read the stream for streams.stopWhenAlone'],
  lost: ['ERR_STREAM_LOST', 'another producer has opened the stream'],
  closing: ['ERR_CLOSED', 'the server is closing'],
} as const;

export class AnswerProducer {
  readonly #ports: ProducerPorts;
  readonly #stopped = new AbortController();
  readonly #run: number;
  /** Of the append that was sent last. */
  #seq = 0;
  /** Sent, but not acknowledged: sent again with its number before anything else. */
  #outstanding: Addition | undefined;
  #pending = nothingAdded;
  #sending: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** Nothing can be added any more, and why. */
  #over: FanfareError | undefined;
  #beat: Cancel | undefined;
  #heardMs: number;

  constructor(ports: ProducerPorts) {
    this.#ports = ports;
    this.#run = ports.status.run;
    this.#heardMs = ports.clock.nowMs();
    this.#schedule();
  }

  get id(): string {
    return this.#ports.id;
  }

  get content(): AnswerContent {
    return this.#ports.terms.content;
  }

  /** Whether an earlier producer had begun it. */
  get isResumed(): boolean {
    return this.#ports.status.run !== this.#ports.status.number;
  }

  /** Aborted when its producer should stop; the reason is a `FanfareError` that says why. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** What is added while another append is under way goes with the next. Rejects as `Answering.change`, each once for all. */
  append(added: Addition): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    if (this.#pending.length > 0 && this.#pending.body.length + added.body.length > this.#ports.terms.maxLength) {
      return Promise.reject(new FanfareError('ERR_STREAM_FULL', 'more waits than a stream may have'));
    }
    this.#pending = joined(this.#ports.terms.content, this.#pending, added);
    if (this.#next === undefined) {
      const next = this.#sending.then(() => this.#send());
      this.#next = next;
      // The next ones begin whatever has become of it.
      this.#sending = next.catch(() => undefined);
    }
    return this.#next;
  }

  /** After everything that was appended. A repeated call with the same state changes nothing. */
  async end(state: 'closed' | 'failed', result?: JsonText): Promise<void> {
    await this.#end({ kind: 'end', id: this.id, run: this.#run, state, result });
  }

  /** Its producer goes, and it may go on elsewhere. */
  async interrupt(): Promise<void> {
    this.stop('closing');
    await this.#end({ kind: 'end', id: this.id, run: this.#run, state: 'interrupted' });
  }

  stop(why: Stop): void {
    const [code, message] = reasons[why];
    const reason = new FanfareError(code, message);
    if (why === 'lost') this.#finish(reason);
    if (!this.#stopped.signal.aborted) this.#stopped.abort(reason);
  }

  async #end(change: Extract<AnswerChange, { kind: 'end' }>): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    if (this.#pending.length > 0 || this.#outstanding !== undefined) await this.append(nothingAdded);
    await this.#sending;
    if (this.#over !== undefined) throw this.#over;
    await this.#change({ ...change, seq: this.#seq });
    this.#finish(new FanfareError('ERR_STREAM_ENDED', 'the stream has ended'));
  }

  async #send(): Promise<void> {
    this.#next = undefined;
    if (this.#outstanding !== undefined) await this.#sendOutstanding(this.#outstanding);
    const added = this.#pending;
    if (added.length === 0) return;
    this.#pending = nothingAdded;
    this.#seq++;
    this.#outstanding = added;
    await this.#sendOutstanding(added);
  }

  async #sendOutstanding(added: Addition): Promise<void> {
    await this.#change({ kind: 'append', id: this.id, run: this.#run, seq: this.#seq, ...added });
    this.#outstanding = undefined;
  }

  /** Repeats it while the broker cannot be reached: a change that was made is not made again. */
  async #change(change: AnswerChange): Promise<void> {
    const { clock } = this.#ports;
    const untilMs = clock.nowMs() + maxRetryMs;
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      if (this.#over !== undefined) throw this.#over;
      try {
        const { isCancelled } = await this.#ports.change(change);
        this.#heardMs = clock.nowMs();
        if (isCancelled) this.stop('cancelled');
        return;
      } catch (error) {
        if (!(error instanceof FanfareError)) throw error;
        const isLate = clock.nowMs() + waitMs > untilMs;
        if (error.code !== 'ERR_BROKER' || isLate) {
          if (!error.retryable) this.#refused(error, change.kind);
          throw error;
        }
      }
      await new Promise<void>((resolve) => clock.schedule(resolve, waitMs));
    }
  }

  /** What is refused once is refused for good, but for what was too long. */
  #refused(error: FanfareError, kind: AnswerChange['kind']): void {
    if (error.code === 'ERR_STREAM_FULL') {
      if (kind !== 'append') return;
      // The number was not used.
      this.#outstanding = undefined;
      this.#seq--;
      return;
    }
    this.#finish(error);
    if (!this.#stopped.signal.aborted) this.#stopped.abort(error);
  }

  #finish(over: FanfareError): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    this.#beat?.();
    this.#ports.onEnd();
  }

  #schedule(): void {
    const { clock, terms } = this.#ports;
    this.#beat = clock.schedule(() => void this.#giveSign(), terms.silenceMs / 3);
  }

  async #giveSign(): Promise<void> {
    const { clock, terms } = this.#ports;
    try {
      if (clock.nowMs() - this.#heardMs >= terms.silenceMs / 3 - 1 && this.#over === undefined) {
        const { isCancelled } = await this.#ports.change({ kind: 'renew', id: this.id, run: this.#run });
        this.#heardMs = clock.nowMs();
        if (isCancelled) this.stop('cancelled');
      }
    } catch (error) {
      // A broker that cannot be reached is asked again; for an append, the producer is told.
      if (error instanceof FanfareError && !error.retryable) this.#refused(error, 'renew');
    }
    if (this.#over === undefined) this.#schedule();
  }
}
