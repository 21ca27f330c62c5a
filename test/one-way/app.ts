/** An application with one-way endpoints behind a network that can be cut, and consumers of them. */

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { channel, fanfare, type Limits } from 'fanfare';
import { FaultProxy } from '../support/network/fault-proxy.js';

export function makeApp(limits: Limits = {}) {
  return fanfare({
    auth: ({ token }) => (token === undefined ? { user: null } : token.startsWith('user-') ? { user: token } : null),
    transports: { oneWay: true },
    limits,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'news:{name}': channel({ subscribe: 'anyone', history: { size: 5, ttl: '5m' }, presence: true }),
      'plain:{name}': channel({ subscribe: 'anyone' }),
      'newest:{name}': channel({ subscribe: 'anyone', slow: 'latest' }),
      'complete:{name}': channel({ subscribe: 'anyone', slow: 'recover', history: { size: 1_000 } }),
      'lobby:{name}': channel({ subscribe: 'anyone', history: { size: 5 }, joinLeave: 'push' }),
      'cache:{name}': channel({ subscribe: 'anyone', history: { size: 3 }, recovery: 'cache' }),
      'members:{name}': channel({ subscribe: 'user', history: { size: 5 } }),
    },
  });
}

export async function startOneWay(limits: Limits = {}) {
  const app = makeApp(limits);
  const { port, url } = await app.listen(0);
  const proxy = await FaultProxy.start({ port });
  return {
    app,
    /** Straight to the server. */
    direct: url,
    /** Through the network that can be cut. */
    url: proxy.url,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await app.close(500);
    },
  };
}

/** Reads a stream line by line until it ends, or this is disposed of. */
export async function readLines(url: string, onLine: (line: string) => void, headers: Record<string, string> = {}) {
  const gone = new AbortController();
  const { status, body } = await fetch(url, { headers, signal: gone.signal });
  // safe: a response that was asked for has a body
  const input = Readable.fromWeb(body as ReadableStream);
  const ended = (async () => {
    for await (const line of createInterface({ input })) onLine(line);
  })().catch(() => undefined);
  input.on('error', () => undefined);
  return { status, ended, [Symbol.dispose]: () => gone.abort() };
}
