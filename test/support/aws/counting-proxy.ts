/** In front of a DynamoDB: counts its operations, by what they are for, as `UpdateItem connection`. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LocalServer } from '../servers/local-server.js';

export class CountingProxy extends LocalServer {
  readonly counts = new Map<string, number>();
  protected override readonly server = createServer((request, response) => void this.#pass(request, response));

  private constructor(private readonly endpoint: string) {
    super();
  }

  static start(endpoint: string): Promise<CountingProxy> {
    return new CountingProxy(endpoint).listen();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // safe: no encoding is set
    const body = Buffer.concat(chunks);
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    // Of each item's key, and of the place of a query, what is before the name.
    const subject = /"(?:pk|:pk)":\{"S":"([a-z]+)/.exec(body.toString())?.[1] ?? 'table';
    const name = `${operation} ${subject}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    // safe: those that are sent once
    const answer = await fetch(this.endpoint, { method: 'POST', body, headers: headers as Record<string, string> });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const passed = ['content-type', 'x-amzn-requestid', 'x-amz-crc32'].flatMap((header) => {
      const value = answer.headers.get(header);
      return value === null ? [] : [[header, value] as const];
    });
    response.writeHead(answer.status, Object.fromEntries(passed)).end(bytes);
  }
}
