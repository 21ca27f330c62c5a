/** The live scores as `fanfare dev` runs them, without a feed of their own: the test publishes, over the HTTP API. */

import type { Batch, Line } from '../../../examples/live-scores/match-day/lines.js';
import { FanfareProcess } from '../../cli/fanfare-process.js';

export const scoresCode = 'the-code-of-the-desk';
const apiKey = 'the key of the API in these tests, 32 bytes';
/** The first requests of a server take longer than all later ones. */
const commandsPerRequest = 200;

export class ScoresServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: FanfareProcess;

  private constructor(url: string, process: FanfareProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Resolves when it says where it listens. @param flags further ones for the command */
  static async start(
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = { SCORES_FEED: 'none' },
  ): Promise<ScoresServer> {
    // In development mode the pages of other addresses are kept out, and a proxy has another address.
    const process = new FanfareProcess(['dev', '--example', 'live-scores', '--port', '0', '--origins', '*', ...flags], {
      env: { SCORES_CODE: scoresCode, FANFARE_API_KEYS: apiKey, ...env },
    });
    const url = await process.listening();
    await process.seen('stdout', /OPEN/);
    return new ScoresServer(url, process);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** What it has said on the terminal. */
  get said(): string {
    return this.#process.stdout;
  }

  /** Line by line, in order; throws when one is refused. */
  async publish(...lines: readonly Line[]): Promise<void> {
    for (let at = 0; at < lines.length; at += commandsPerRequest) {
      const commands = lines
        .slice(at, at + commandsPerRequest)
        .map(({ key, ...rest }) => (key === undefined ? { publish: rest } : { map_publish: { key, ...rest } }));
      const response = await this.#call('batch', { commands });
      const text = await response.text();
      if (!response.ok || text.includes('"error"')) throw new Error(`not published: ${response.status} ${text}`);
    }
  }

  /** On all nodes. */
  async numSubscribers(channel: string): Promise<number> {
    const response = await this.#call('channels', { pattern: channel });
    // safe: the API's answer to this question
    const { result } = (await response.json()) as { result: { channels: Record<string, { num_clients: number }> } };
    return result.channels[channel]?.num_clients ?? 0;
  }

  async play(batches: readonly Batch[]): Promise<void> {
    await this.publish(...batches.flatMap(({ lines }) => lines));
  }

  #call(method: string, params: unknown): Promise<Response> {
    return fetch(`${this.url}/api/${method}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': apiKey },
      body: JSON.stringify(params),
    });
  }

  /** As a deploy ends it: clients are told to come back. */
  async stop(): Promise<void> {
    this.#process.signal('SIGTERM');
    await this.#process.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
