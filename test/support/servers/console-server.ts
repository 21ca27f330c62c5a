/** An application with the console on a port of its own, and what a browser would send to it. */

import { bytes, type ConsoleOptions, channel, fanfare } from 'fanfare';
import { z } from 'zod';
import type { LoggedLine } from './api-server.js';

export const consolePassword = 'wahlweise-Drachen-43';

export interface ConsoleAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the tests are about
  readonly body: any;
}

export interface ConsoleServer extends AsyncDisposable {
  readonly app: { numClients: number; close(deadlineMs?: number): Promise<void> };
  readonly url: string;
  /** The endpoint for clients. */
  readonly clientUrl: string;
  readonly warnings: readonly LoggedLine[];
  /** A `POST` as the console's page sends it; `undefined` leaves a header out. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string | undefined>>): Promise<ConsoleAnswer>;
  /** Logs in. @returns the cookie, as it is sent back */
  logIn(password?: string): Promise<string>;
  /** A method of the API in the name of whoever has the cookie. @returns its result */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  call(cookie: string, method: string, body?: object): Promise<any>;
}

const channels = {
  'chat:{room}': channel({
    subscribe: 'anyone',
    publish: 'anyone',
    history: { size: 100, read: 'anyone' },
    presence: 'anyone',
  }),
  'orders:{shop}': channel({
    message: z.object({ item: z.string(), pieces: z.number().int().min(1), express: z.boolean().optional() }),
    subscribe: 'user',
    history: { size: 10 },
  }),
  'frames:{match}': channel({ message: bytes(), subscribe: 'anyone', history: { size: 10 }, filterTags: ['kind'] }),
  'scores:{game}': channel({ subscribe: 'anyone', map: { size: 500, ttl: '1h' } }),
  'plain:{name*}': channel({ subscribe: 'anyone', publish: 'anyone' }),
};

export async function startConsoleServer(
  options: ConsoleOptions = { password: consolePassword },
): Promise<ConsoleServer> {
  const warnings: LoggedLine[] = [];
  const app = fanfare({
    anonymous: true,
    channels,
    auth: ({ token }) => (token === undefined ? null : { user: token }),
    log: {
      debug() {},
      info() {},
      warn: (fields, message) => warnings.push({ ...fields, message }),
      error: console.error,
    },
  });
  const { url } = await app.listen(0, { console: options });
  const post: ConsoleServer['post'] = async (path, body, headers = {}) => {
    const all = { 'Content-Type': 'application/json', Origin: url, 'Sec-Fetch-Site': 'same-origin', ...headers };
    const sent = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: Object.fromEntries(sent),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };
  return {
    app,
    url,
    warnings,
    clientUrl: `${url.replace('http', 'ws')}/connection/websocket`,
    post,
    async logIn(password = consolePassword) {
      const { headers, status, text } = await post('/console/login', { password });
      if (status !== 200) throw new Error(`not logged in: ${status} ${text}`);
      return headers.get('set-cookie')?.split(';')[0] ?? '';
    },
    async call(cookie, method, body = {}) {
      const answer = await post(`/console/api/${method}`, body, { Cookie: cookie });
      if (answer.body?.result === undefined) throw new Error(`${method}: ${answer.status} ${answer.text}`);
      return answer.body.result;
    },
    [Symbol.asyncDispose]: () => app.close(0),
  };
}
