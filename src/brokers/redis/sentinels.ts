/** Asks sentinels for the primary; if answers differ, that of the latest fail-over wins. */

import * as v from 'valibot';
import type { Clock } from '../../engine/ports/clock.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Endpoint } from '../server-address.js';
import type { Library } from './client-library.js';

interface SentinelsOptions {
  readonly endpoints: readonly Endpoint[];
  /** The name of the primary. */
  readonly name: string;
  readonly tls: boolean;
  readonly load: () => Promise<Library>;
  /** Longest time for asking all of them. */
  readonly limitMs: number;
  readonly clock: Clock;
}

interface Answer {
  readonly endpoint: Endpoint;
  /** Increases with each fail-over. */
  readonly epoch: number;
}

/** Links that ask at about the same time get one answer. */
const freshMs = 500;

const whereAnswer = v.tuple([v.string(), v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number))]);
/** A table, or its keys and values in one list. */
const aboutAnswer = v.union([
  v.pipe(
    v.array(v.string()),
    v.transform((list) => list[list.indexOf('config-epoch') + 1]),
  ),
  v.pipe(
    v.looseObject({ 'config-epoch': v.string() }),
    v.transform((table) => table['config-epoch']),
  ),
]);

export class Sentinels {
  #latest: { readonly atMs: number; readonly answer: Promise<Endpoint> } | undefined;

  constructor(private readonly options: SentinelsOptions) {}

  /** @throws FanfareError `ERR_BROKER` if no sentinel knows it */
  primary(): Promise<Endpoint> {
    const atMs = this.options.clock.nowMs();
    if (this.#latest === undefined || atMs - this.#latest.atMs > freshMs) {
      this.#latest = { atMs, answer: this.#ask() };
    }
    return this.#latest.answer;
  }

  async #ask(): Promise<Endpoint> {
    const outcomes = await Promise.allSettled(this.options.endpoints.map((endpoint) => this.#askOne(endpoint)));
    let latest: Answer | undefined;
    let cause: unknown;
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') cause = outcome.reason;
      else if (latest === undefined || outcome.value.epoch > latest.epoch) latest = outcome.value;
    }
    if (latest !== undefined) return latest.endpoint;
    throw new FanfareError('ERR_BROKER', `no sentinel knows where ${this.options.name} is`, { cause });
  }

  async #askOne({ host, port }: Endpoint): Promise<Answer> {
    const { load, tls, limitMs, name } = this.options;
    const { createClient } = await load();
    const client = createClient({
      socket: {
        host,
        port,
        connectTimeout: limitMs,
        socketTimeout: limitMs,
        reconnectStrategy: false,
        ...(tls && { tls: true as const }),
      },
      disableOfflineQueue: true,
    });
    // Errors are reported by the failing call.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const [where, about] = await Promise.all([
        client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]),
        client.sendCommand(['SENTINEL', 'MASTER', name]),
      ]);
      const [primaryHost, primaryPort] = v.parse(whereAnswer, where);
      return { endpoint: { host: primaryHost, port: primaryPort }, epoch: Number(v.parse(aboutAnswer, about)) };
    } finally {
      client.destroy();
    }
  }
}
