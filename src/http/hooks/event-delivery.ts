/** Delivers events to a backend: at least once, in order, in batches, with a bounded queue. */

import type { Cancel, Clock, Random } from '../../engine/ports/clock.js';
import type { Logger } from '../../engine/ports/logger.js';
import type { Tracer } from '../../engine/ports/tracer.js';
import { EventQueue } from './event-queue.js';
import type { HookName, HookOptions } from './hook.js';
import { bodyText } from './hook-body.js';
import { HookClient, type HookResponse } from './hook-client.js';
import { signatureHeaders } from './signature.js';
import { postTraced } from './traced-post.js';

interface EventDeliveryOptions {
  readonly endpoint: Pick<HookOptions, 'url' | 'timeoutMs' | 'staticHeaders'>;
  /** Beyond that, the oldest is dropped. At least 1. */
  readonly maxQueuedEvents: number;
  readonly secrets: readonly string[];
}

interface EventDeliveryPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

interface QueuedEvent {
  readonly fields: object;
  /** Of the span in which it happened. */
  readonly trace: string | undefined;
}

const maxBatch = 100;
/** The answer is not looked at. */
const maxResponseBytes = 65_536;
/** From the first attempt to the second; doubled each time up to the maximum, less up to a half at random. */
const firstBackoffMs = 200;
const maxBackoffMs = 4_000;
/** A backend that is down does not delay a shutdown for longer. */
const maxCloseMs = 5_000;
/** Statuses by which the backend says that it will never take this batch. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422]);

type Failure = Extract<HookResponse, { ok: false }>['reason'] | 'status';

export class EventDelivery {
  readonly hook: HookName = 'events';
  #options: EventDeliveryOptions;
  readonly #ports: EventDeliveryPorts;
  #client: HookClient;
  readonly #queue: EventQueue<QueuedEvent>;
  /** The batch that is sent repeatedly until it is accepted. */
  #batch: QueuedEvent[] = [];
  #sending: Promise<void> | undefined;
  /** Ends the pause between two attempts. */
  #resume: (() => void) | undefined;
  #failedAttempts = 0;
  #isClosing = false;
  #isOver = false;
  #isDropping = false;
  #numEvents = 0;
  nodeId = '';
  calls = 0;
  delivered = 0;
  dropped = 0;
  readonly failures = new Map<string, number>();
  onLatency: ((seconds: number) => void) | undefined;

  constructor(options: EventDeliveryOptions, ports: EventDeliveryPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#client = new HookClient(options.endpoint.url, ports.clock, maxResponseBytes);
    this.#queue = new EventQueue(options.maxQueuedEvents);
  }

  get queued(): number {
    return this.#queue.size + this.#batch.length;
  }

  get numInFlight(): number {
    return this.#sending === undefined || this.#resume !== undefined ? 0 : 1;
  }

  get numWaiting(): number {
    return this.#queue.size;
  }

  get isOpen(): boolean {
    return this.#failedAttempts > 0;
  }

  /** Uses the new address from now on, also for waiting events. */
  change(options: EventDeliveryOptions): void {
    const before = this.#options;
    this.#options = options;
    this.#queue.maxEvents = options.maxQueuedEvents;
    if (before.endpoint.url.href === options.endpoint.url.href) return;
    // A batch in progress is completed by its answer, or sent again to the new address.
    this.#client = new HookClient(options.endpoint.url, this.#ports.clock, maxResponseBytes);
    this.#resume?.();
  }

  /** An id that no other event of this node has. */
  nextId(): string {
    return `${this.nodeId}-${++this.#numEvents}`;
  }

  /** @param trace of the span in which it happened */
  add(fields: object, trace?: string): void {
    if (this.#isOver) {
      this.dropped++;
      return;
    }
    if (!this.#queue.push({ fields, trace })) {
      this.dropped++;
      if (!this.#isDropping) this.#tell('warn', 'the queue of events is full: the oldest are dropped', {});
      this.#isDropping = true;
    }
    this.#sending ??= this.#sendAll();
  }

  /** Sends the remaining events until the deadline, for 5 s at most. Idempotent. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    const cancel = this.#ports.clock.schedule(() => this.#giveUp(), Math.min(deadlineMs, maxCloseMs));
    this.#resume?.();
    await this.#sending;
    cancel();
    this.#giveUp();
    const lost = this.queued;
    if (lost === 0) return;
    this.dropped += lost;
    this.#batch = [];
    this.#queue.take(lost);
    this.#tell('warn', 'events were not delivered before the end', { lost });
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#client.close();
    this.#resume?.();
  }

  /** Never rejects. One batch at a time, so that they arrive in order. */
  async #sendAll(): Promise<void> {
    // Events of the same turn are sent together.
    await new Promise<void>((resolve) => this.#ports.clock.afterTurn(resolve));
    while (!this.#isOver && this.queued > 0) {
      if (this.#batch.length === 0) this.#batch = this.#queue.take(maxBatch);
      if (!this.#settle(await this.#post())) await this.#pause();
    }
    this.#sending = undefined;
  }

  async #post(): Promise<HookResponse> {
    const { endpoint, secrets } = this.#options;
    const { clock, tracer } = this.#ports;
    const events = this.#batch.map(({ fields }) => bodyText(fields));
    const body = `{"node":${JSON.stringify(this.nodeId)},"events":[${events.join(',')}]}`;
    const headers = {
      ...endpoint.staticHeaders,
      ...signatureHeaders(body, secrets, Math.floor(clock.wallMs() / 1_000)),
    };
    const startMs = clock.nowMs();
    this.calls++;
    // Not repeated at once: the next attempt is soon enough.
    const request = { body, headers, timeoutMs: endpoint.timeoutMs, repeatable: false };
    const call = { tracer, hook: this.hook, url: endpoint.url, from: traceOfAll(this.#batch) };
    const response = await postTraced(this.#client, request, call);
    this.onLatency?.((clock.nowMs() - startMs) / 1_000);
    return response;
  }

  /** False when the batch has to be sent again. */
  #settle(response: HookResponse): boolean {
    if (!response.ok && response.reason !== 'too-large' && response.reason !== 'malformed') {
      return this.#failed(response.reason);
    }
    // An answer that is too long, or not text, counts as an answer.
    const status = response.ok ? response.status : 200;
    if (status >= 200 && status <= 299) this.delivered += this.#batch.length;
    else if (refusals.has(status)) this.#refused(status);
    else return this.#failed('status', status);
    this.#batch = [];
    if (this.#failedAttempts > 0) this.#tell('info', 'events are taken again', { dropped: this.dropped });
    this.#failedAttempts = 0;
    this.#isDropping = false;
    return true;
  }

  #failed(reason: Failure, status?: number): false {
    this.#count(reason);
    this.#failedAttempts++;
    if (this.#failedAttempts === 1) {
      this.#tell('warn', 'events are not taken: they wait', { reason, ...(status && { status }) });
    }
    return false;
  }

  #refused(status: number): void {
    this.#count('status');
    this.dropped += this.#batch.length;
    this.#tell('error', 'events are refused and dropped', { status, events: this.#batch.length });
  }

  #count(reason: Failure): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }

  #tell(level: 'info' | 'warn' | 'error', message: string, fields: object): void {
    const { origin, pathname } = this.#options.endpoint.url;
    this.#ports.log[level]({ hook: this.hook, url: origin + pathname, ...fields }, message);
  }

  #pause(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    const { clock, random } = this.#ports;
    const longestMs = this.#isClosing ? firstBackoffMs : maxBackoffMs;
    const doubledMs = firstBackoffMs * 2 ** Math.min(this.#failedAttempts - 1, 10);
    const delayMs = Math.min(longestMs, doubledMs) * (0.5 + random.unit() / 2);
    return new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        this.#resume = undefined;
        resolve();
      };
      const cancel: Cancel = clock.schedule(done, delayMs);
      this.#resume = done;
    });
  }
}

/** The trace of a batch whose events have happened in one span; `null`: in several, or in none. */
function traceOfAll(batch: readonly QueuedEvent[]): string | null {
  const trace = batch[0]?.trace;
  return trace !== undefined && batch.every((event) => event.trace === trace) ? trace : null;
}
