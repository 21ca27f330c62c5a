/** A real Prometheus of the test that scrapes twice a second, with the rules of deploy/ made as quick as that. */

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/programs/free-port.js';
import { areMissing } from '../support/programs/missing.js';
import { type Launch, started, TestServer } from '../support/programs/test-server.js';

const program = '/usr/bin/prometheus';
export const promtool = '/usr/bin/promtool';

/** How far back rates look in the quick copy of the rules, in seconds. */
const windowSec = 5;
const pollMs = 200;

/** Whether tests with it have to be left out. */
export function prometheusIsMissing(): boolean {
  return areMissing('Prometheus', program, promtool);
}

/** The rules of deploy/ with the same conditions: only the times are shorter. */
export function quickRules(): string {
  const rules = readFileSync(fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url)), 'utf8');
  return rules.replace(/\[\d+m\]/g, `[${windowSec}s]`).replace(/\bfor: \w+/g, 'for: 1s');
}

/** A series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** When, in Unix seconds, and what. */
  readonly value: readonly [at: number, value: string];
}

interface Answer<Data> {
  readonly status: string;
  readonly data: Data;
  readonly error?: string;
}

export class PrometheusServer extends TestServer {
  private constructor(
    readonly port: number,
    private readonly targets: readonly string[],
  ) {
    super();
  }

  /** @param targets host and port of what is scraped */
  static start(targets: readonly string[]): Promise<PrometheusServer> {
    return started(async () => new PrometheusServer(await freePort(), targets));
  }

  /** What a query finds now. @throws Error if Prometheus does not accept it */
  async query(expression: string): Promise<readonly Sample[]> {
    return (await this.#ask<{ result: readonly Sample[] }>('query', { query: expression })).result;
  }

  /** Alerts that fire now. */
  async firing(): Promise<ReadonlySet<string>> {
    const samples = await this.query('ALERTS{alertstate="firing"}');
    return new Set(samples.map(({ metric }) => metric.alertname ?? ''));
  }

  /** Resolves when a question is answered with an empty list; rejects with what is left when that takes too long. */
  async untilNone(question: () => Promise<readonly string[]>, withinMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const left = await question();
      if (left.length === 0) return;
      if (deadline.aborted) throw new Error(`after ${withinMs} ms there are still: ${left.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  protected override async launch(): Promise<Launch> {
    const { folder, port, targets } = this;
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
      rule_files: ['alerts.yml'],
      scrape_configs: [{ job_name: 'fanfare', static_configs: [{ targets }] }],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    await writeFile(join(folder, 'alerts.yml'), quickRules());
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const isReady = async (signal: AbortSignal) =>
      (await fetch(`http://127.0.0.1:${port}/-/ready`, { signal })).status === 200;
    return { path: program, args, isReady };
  }

  async #ask<Data>(what: string, fields: Readonly<Record<string, string>>): Promise<Data> {
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/${what}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    // safe: so it answers
    const answer = (await response.json()) as Answer<Data>;
    if (answer.status !== 'success') throw new Error(`${fields.query}: ${answer.error}`);
    return answer.data;
  }
}
