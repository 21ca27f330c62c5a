/** Calls of the HTTP API on a few connections that are kept, which a soak publishes over. */

import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { SoakNode } from './soak-node.js';

export class ApiCalls {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  /**
   * @param method `publish`
   * @returns the body of the answer
   * @throws Error when the node is going, or has refused it, with its answer
   */
  post({ url }: SoakNode, method: string, body: object): Promise<unknown> {
    const json = JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(`${url}/api/${method}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) },
        agent: this.#agent,
      });
      sent.on('response', (response) => {
        text(response).then((answer) => {
          // Also of one command of a batch.
          if (response.statusCode === 200 && !answer.includes('"error":{')) resolve(JSON.parse(answer));
          else reject(new Error(`${method}: ${response.statusCode} ${answer}`));
        }, reject);
      });
      sent.on('error', reject).end(json);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
