// @ts-check
/** Those who look at a server: a load balancer, Prometheus, an operator with the page of a channel open, a collector of traces. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { CHANNEL } from '../shared/credentials.mjs';

export const CONSOLE_PASSWORD = 'fanfare-bench-console-password';

/** As deploy/haproxy/fanfare.cfg checks its servers. */
const PROBE_MS = 1_000;
const SCRAPE_MS = 5_000;
/** How often each question is asked before: a server that has been watched for some minutes has compiled the answers. */
const WARM_UP_QUESTIONS = 100;
/** As the page does: console/app/samples.ts, views/channel.tsx and parts/tail.tsx. */
const NODES_MS = 2_000;
const CHANNEL_MS = 3_000;
const TAIL_MS = 1_000;
/** As Prometheus 3 asks. */
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

/**
 * Scrapes and polls a server as often as in so much time under load, however long the machine takes for that, and counts
 * what it was answered.
 */
export class Observers {
  scrapes = 0;
  polls = 0;
  /** Publications that the page has shown. */
  shown = 0;
  #url;
  /** @type {{ everyMs: number, leftMs: number, ask: () => Promise<unknown> }[]} */
  #questions = [];
  #cookie = '';
  #cursor = '';

  /** @param {number} port */
  constructor(port) {
    this.#url = `http://127.0.0.1:${port}`;
  }

  /**
   * @param {number} port
   * @param {readonly string[]} parts of which `probes`, `metrics` and `console` have an observer here
   */
  static async start(port, parts) {
    const observers = new Observers(port);
    if (parts.includes('probes')) await observers.#every(PROBE_MS, () => observers.#probe());
    if (parts.includes('metrics')) await observers.#scrape();
    if (parts.includes('console')) await observers.#watchChannel();
    Object.assign(observers, { scrapes: 0, polls: 0 });
    return observers;
  }

  async #probe() {
    const { status } = await fetch(`${this.#url}/health/ready`);
    if (status !== 200) throw new Error(`/health/ready was answered with ${status}`);
  }

  async #scrape() {
    await this.#every(SCRAPE_MS, async () => {
      const scrape = await fetch(`${this.#url}/metrics`, { headers: { Accept: ACCEPT } });
      if ((await scrape.text()).includes('fanfare_publications_out_total')) this.scrapes += 1;
    });
  }

  async #watchChannel() {
    const { headers } = await this.#post('login', { password: CONSOLE_PASSWORD });
    this.#cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
    await this.#every(NODES_MS, () => this.#call('nodes', {}));
    await this.#every(CHANNEL_MS, () => this.#call('channel', { channel: CHANNEL }));
    await this.#every(TAIL_MS, async () => {
      const { cursor, publications } = await this.#call('tail', { channel: CHANNEL, cursor: this.#cursor });
      this.#cursor = cursor;
      this.shown += publications.length;
    });
  }

  /**
   * Asks what is asked in so much time under load.
   * @param {number} ms
   */
  async during(ms) {
    for (const question of this.#questions) {
      question.leftMs -= ms;
      for (; question.leftMs <= 0; question.leftMs += question.everyMs) await question.ask();
    }
  }

  /**
   * @param {number} everyMs
   * @param {() => Promise<unknown>} ask
   */
  async #every(everyMs, ask) {
    for (let i = 0; i < WARM_UP_QUESTIONS; i++) await ask();
    this.#questions.push({ everyMs, leftMs: everyMs, ask });
  }

  /**
   * @param {string} method of the API
   * @param {object} fields
   */
  async #call(method, fields) {
    const response = await this.#post(`api/${method}`, fields);
    const { result } = await response.json();
    if (result === undefined) throw new Error(`console: ${method} was answered with ${response.status}`);
    this.polls += 1;
    return result;
  }

  /**
   * As a browser sends it.
   * @param {string} path
   * @param {object} fields
   */
  #post(path, fields) {
    const headers = { 'Content-Type': 'application/json', Origin: this.#url, 'Sec-Fetch-Site': 'same-origin' };
    return fetch(`${this.#url}/console/${path}`, {
      method: 'POST',
      headers: { ...headers, ...(this.#cookie !== '' && { Cookie: this.#cookie }) },
      body: JSON.stringify(fields),
    });
  }
}

/** Takes spans as a collector of OpenTelemetry does (OTLP over HTTP, in JSON), and counts them. */
export class Collector {
  spans = 0;
  #server = createServer(async (request, response) => {
    const parts = await request.toArray();
    const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString());
    for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) this.spans += spans.length;
    response.setHeader('Content-Type', 'application/json').end('{}');
  });

  static async start() {
    const collector = new Collector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get url() {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    return `http://127.0.0.1:${address.port}/v1/traces`;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
