/** Publishes over the HTTP API, as a backend does. */

import { Aside } from './aside.js';
import type { OnPublished } from './load-client.js';
import type { ReadBuffer } from './raw-socket.js';
import type { Scenario } from './scenario.js';
import { httpTargetOf } from './target.js';

export class ApiPublisher {
  readonly #connections: Aside;
  readonly #path: string;
  readonly #headers: string;

  /** @param count connections: a publisher always uses the same one */
  constructor(scenario: Scenario, count: number, buffer: ReadBuffer) {
    const address = new URL(scenario['publish.apiUrl'] ?? '/api', scenario.url.replace(/^ws/, 'http'));
    this.#connections = new Aside(count, httpTargetOf(address.href), buffer);
    this.#path = `${address.pathname.replace(/\/$/, '')}/publish`;
    const key = scenario['publish.apiKey'];
    this.#headers = key === undefined ? '' : `X-API-Key: ${key}\r\n`;
  }

  publish(publisher: number, json: string, onPublished: OnPublished): void {
    this.#connections.post(
      publisher,
      this.#path,
      json,
      (outcome, body) => {
        // Both servers answer 200 also to what they refuse, with the error in the body.
        if (outcome !== '200') onPublished(/^\d+$/.test(outcome) ? Number(outcome) : 'unknown');
        else onPublished(errorIn(body?.toString() ?? '') ?? 'accepted');
      },
      this.#headers,
    );
  }

  close(): void {
    this.#connections.close();
  }
}

/** The code of a refused call. */
function errorIn(body: string): number | undefined {
  const code = /"error":\{"code":(\d+)/.exec(body)?.[1];
  return code === undefined ? undefined : Number(code);
}
