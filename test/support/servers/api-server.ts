/** An application with the HTTP API on a port of its own, and the calls to it. */

import { channel, fanfare, jwt, memory } from 'fanfare';
import { FanfareError } from '../../../src/model/fanfare-error.js';
import type { ListenOptions } from '../../../src/server/serving.js';
import { signed } from './signed.js';

export const apiKey = 'api-key-0123456789abcdef-0123456789';
const tokenSecret = 'token-secret-0123456789abcdef-0123456789';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the tests are about
  readonly body: any;
}

export interface ApiServer extends AsyncDisposable {
  readonly app: ReturnType<typeof apiApp>['app'];
  readonly url: string;
  /** Of the endpoint for clients. */
  readonly clientUrl: string;
  /** Warnings of the server, in their order. */
  readonly warnings: readonly LoggedLine[];
  /** The broker cannot be reached from now on, or can again. */
  setBrokerDown(isDown: boolean): void;
  /** `POST /api/<method>` with the key. */
  post(method: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  token(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface LoggedLine extends Readonly<Record<string, unknown>> {
  readonly message: string;
}

function apiApp() {
  let isDown = false;
  const warnings: LoggedLine[] = [];
  const all = { subscribe: 'anyone', publish: 'anyone' } as const;
  const app = fanfare({
    auth: jwt({ secret: tokenSecret }),
    channels: {
      'chat:{room}': channel({ ...all, history: { size: 100, read: 'anyone' }, presence: 'anyone' }),
      'scores:{name}': channel({ ...all, map: {} }),
      'answers:{name}': channel({ ...all, streams: {} }),
      'steps:{name*}': channel({ ...all, streams: { of: 'items' } }),
      'plain:{name*}': channel(all),
    },
    broker: (ports) => {
      const broker = memory()(ports);
      const { publish, history } = broker;
      const away = () => Promise.reject(new FanfareError('ERR_BROKER', 'the broker is away'));
      broker.publish = (...args) => (isDown ? away() : publish.apply(broker, args));
      const read = history?.read;
      if (history && read) history.read = (...args) => (isDown ? away() : read.apply(history, args));
      return broker;
    },
    log: {
      debug() {},
      info() {},
      warn: (fields, message) => warnings.push({ ...fields, message }),
      error: console.error,
    },
  });
  return {
    app,
    warnings,
    setBrokerDown(value: boolean) {
      isDown = value;
    },
  };
}

export async function startApiServer(options: ListenOptions = {}): Promise<ApiServer> {
  const { app, warnings, setBrokerDown } = apiApp();
  const { url } = await app.listen(0, { api: { keys: apiKey }, ...options });
  return {
    app,
    url,
    warnings,
    clientUrl: `${url.replace('http', 'ws')}/connection/websocket`,
    setBrokerDown,
    post: (method, body, headers) => postTo(`${url}/api/${method}`, body, { 'X-API-Key': apiKey, ...headers }),
    token: (claims) => signed(tokenSecret, claims),
    [Symbol.asyncDispose]: () => app.close(0),
  };
}

export async function postTo(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
