/** One hook: a question to a backend, with bounds that keep a bad backend from harming others. */

import { RefusalLog } from '../../engine/log/refusal-log.js';
import type { Cancel, Clock, Random } from '../../engine/ports/clock.js';
import type { Decision, Denied } from '../../engine/ports/decision.js';
import type { Logger } from '../../engine/ports/logger.js';
import type { Tracer } from '../../engine/ports/tracer.js';
import { errorCodes } from '../../model/codes.js';
import { CircuitBreaker, type Passage } from './circuit-breaker.js';
import { Concurrency, type ConcurrencyLimits, type Entry } from './concurrency.js';
import { readAnswer } from './hook-answer.js';
import { bodyText } from './hook-body.js';
import { HookClient, type HookResponse } from './hook-client.js';
import { type HeaderSelection, type HeaderSource, type StandIns, selectHeaders } from './hook-headers.js';
import { signatureHeaders } from './signature.js';
import { postTraced } from './traced-post.js';

export type HookName = 'connect' | 'refresh' | 'subscribe' | 'sub_refresh' | 'publish' | 'rpc' | 'events';

/** The address and contents of a hook. */
export interface HookOptions extends HeaderSelection {
  /** http or https, without credentials. */
  readonly url: URL;
  /** For the answer of the backend; a call may first wait for its turn for as long. */
  readonly timeoutMs: number;
  /** Send the backend the meta that authentication attached to the connection. */
  readonly includeMeta: boolean;
}

export interface HookLimits extends ConcurrencyLimits {
  /** Failures in a row after which calls fail at once. */
  readonly breakerFailures: number;
  readonly maxResponseBytes: number;
}

/** What all hooks of a server share. */
interface HookPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly limits: HookLimits;
  /** Each signs. Empty: nothing is signed. */
  readonly secrets: readonly string[];
  readonly standIns: StandIns;
}

interface HookCall<Granted extends object> {
  readonly body: object;
  /** The client that it is about. */
  readonly source: HeaderSource;
  /** The client whose share of the places it uses. Absent: no share. */
  readonly client?: string;
  /** Whether the call has no effects, so that it may be repeated. */
  readonly repeatable: boolean;
  /** Reads the result. Throws if it is invalid. */
  readonly readResult: (result: unknown) => Decision<Granted>;
}

/** Why there is no decision. */
type FailureReason = Extract<HookResponse, { ok: false }>['reason'] | 'status' | 'open' | Exclude<Entry, 'in'>;

/** The backend's decision, or none, which is a temporary refusal. */
export type HookOutcome<Granted extends object> = Decision<Granted> | (Denied & { readonly failure: FailureReason });

/** Time for the answer to arrive. */
const retiringSlackMs = 1_000;

/** Statuses of a backend, or a proxy before it, that is unavailable. */
const unavailableStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

export class Hook {
  readonly hook: HookName;
  readonly options: HookOptions;
  readonly #ports: HookPorts;
  readonly #client: HookClient;
  readonly #breaker: CircuitBreaker;
  readonly #concurrency: Concurrency;
  /** Lines about invalid answers, one a minute for each kind; a dead backend has lines of its own. */
  readonly #complaints: RefusalLog;
  calls = 0;
  readonly failures = new Map<string, number>();
  onLatency: ((seconds: number) => void) | undefined;
  #retired: Cancel | undefined;

  constructor(name: HookName, options: HookOptions, ports: HookPorts) {
    const { clock, random, limits } = ports;
    this.hook = name;
    this.options = options;
    this.#ports = ports;
    this.#client = new HookClient(options.url, clock, limits.maxResponseBytes);
    this.#breaker = new CircuitBreaker(clock, random, limits.breakerFailures);
    this.#concurrency = new Concurrency(clock, limits);
    this.#complaints = new RefusalLog(clock, ports.log);
  }

  get numInFlight(): number {
    return this.#concurrency.numInFlight;
  }

  get numWaiting(): number {
    return this.#concurrency.numWaiting;
  }

  get isOpen(): boolean {
    return this.#breaker.isOpen;
  }

  /** Never rejects. */
  async call<Granted extends object>(call: HookCall<Granted>): Promise<HookOutcome<Granted>> {
    this.calls++;
    let passage = this.#breaker.pass();
    if (passage === 'closed') {
      const entry = await this.#concurrency.enter(this.options.timeoutMs, call.client);
      if (entry !== 'in') return this.#fail(entry);
      // It may have opened while this call was waiting.
      passage = this.#breaker.pass();
      try {
        return await this.#pass(passage, call);
      } finally {
        this.#concurrency.leave(call.client);
      }
    }
    // A probe does not wait for hanging calls.
    return this.#pass(passage, call);
  }

  /** Gives up what is under way. */
  close(): void {
    this.#retired?.();
    this.#concurrency.shed();
    this.#client.close();
  }

  /** Another hook replaces this one, which closes when its running and waiting calls have had their time. */
  retire(): void {
    this.#retired ??= this.#ports.clock.schedule(() => this.close(), this.options.timeoutMs * 2 + retiringSlackMs);
  }

  async #pass<Granted extends object>(passage: Passage, call: HookCall<Granted>): Promise<HookOutcome<Granted>> {
    if (passage === undefined) return this.#fail('open');
    const response = await this.#post(call);
    if (!response.ok && response.reason !== 'too-large' && response.reason !== 'malformed') {
      this.#unavailable(response.reason);
      return this.#fail(response.reason);
    }
    if (response.ok && unavailableStatuses.has(response.status)) {
      this.#unavailable(`status ${response.status}`);
      return this.#fail('status');
    }
    // Any other status is an answer.
    this.#available();
    if (!response.ok) return this.#senseless(response.reason);
    if (response.status < 200 || response.status > 299) return this.#senseless('status', response.status);
    let fault: string | undefined;
    const answer = readAnswer(response.text, call.readResult, (words) => {
      fault = words;
    });
    return answer ?? this.#senseless('malformed', undefined, fault);
  }

  async #post({ body, source, repeatable }: Omit<HookCall<object>, 'readResult'>): Promise<HookResponse> {
    const { clock, secrets, standIns, tracer } = this.#ports;
    const text = bodyText(body);
    const headers = {
      ...selectHeaders(this.options, source, standIns.of(source.headers)),
      ...signatureHeaders(text, secrets, Math.floor(clock.wallMs() / 1_000)),
    };
    const startMs = clock.nowMs();
    const request = { body: text, headers, timeoutMs: this.options.timeoutMs, repeatable };
    const response = await postTraced(this.#client, request, { tracer, hook: this.hook, url: this.options.url });
    this.onLatency?.((clock.nowMs() - startMs) / 1_000);
    return response;
  }

  #available(): void {
    if (this.#breaker.succeeded()) this.#ports.log.info(this.#fields(), 'the backend of a hook answers again');
  }

  #unavailable(reason: string): void {
    if (!this.#breaker.failed()) return;
    this.#concurrency.shed();
    this.#ports.log.warn({ ...this.#fields(), reason }, 'the backend of a hook does not answer: calls fail at once');
  }

  #senseless(reason: FailureReason, status?: number, fault?: string): Denied & { readonly failure: FailureReason } {
    this.#complaints.tell({
      check: 'hook answer',
      key: `${reason} ${status} ${fault}`,
      fields: { ...this.#fields(), reason, ...(status && { status }), ...(fault && { fault }) },
      message: `the answer to a hook makes no sense${fault === undefined ? '' : `: it ${fault}`}`,
    });
    return this.#fail(reason);
  }

  #fail(failure: FailureReason): Denied & { readonly failure: FailureReason } {
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
    const error = failure === 'share' ? errorCodes.tooManyRequests : errorCodes.internal;
    return { ok: false, error, failure };
  }

  /** Without the query, which may hold a secret. */
  #fields() {
    const { origin, pathname } = this.options.url;
    return { hook: this.hook, url: origin + pathname };
  }
}
