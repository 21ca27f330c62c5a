/** Clients of a deployed proxy: from an address of their own, over TLS, with cookies as browsers keep them. */

import { once } from 'node:events';
import { request } from 'node:https';
import { WebSocket } from 'ws';
import type { DeployedProxy } from './deployed-proxy.js';

export interface Visit {
  /** With its query. Default: the usual one. */
  readonly path?: string;
  /** Of the client: any within 127.0.0.0/8. */
  readonly address?: string;
  /** Kept from answer to answer. */
  readonly cookies?: Map<string, string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connected client, or the HTTP status with which it was refused. */
export interface Visitor {
  /** Id of the node that has it. */
  readonly node: string;
  readonly socket: WebSocket;
  /** The code with which the server closes it. */
  readonly closed: Promise<number>;
}

export async function visit(proxy: DeployedProxy, options: Visit = {}): Promise<Visitor | number> {
  const { path = '/connection/websocket', address = '127.0.0.1', cookies, headers = {} } = options;
  const socket = new WebSocket(proxy.url.replace('https', 'wss') + path, {
    ca: proxy.ca,
    localAddress: address,
    headers: { ...headers, ...cookieHeader(cookies) },
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.once('upgrade', (response) => keep(cookies, response.headers['set-cookie']));
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    keep(cookies, response.headers['set-cookie']);
    socket.terminate();
    return Number(response.statusCode);
  });
  // Of the two that race, one never comes.
  const status = await Promise.race([
    once(socket, 'open').then(
      () => undefined,
      () => undefined,
    ),
    refused,
  ]);
  if (status !== undefined) return status;
  const reply = once(socket, 'message');
  socket.send('{"id":1,"connect":{}}');
  const [message] = await reply;
  return { node: JSON.parse(String(message)).connect.node, socket, closed };
}

/** As {@link visit}, for those that must get in. */
export async function enter(proxy: DeployedProxy, options?: Visit): Promise<Visitor> {
  const outcome = await visit(proxy, options);
  if (typeof outcome === 'number') throw new Error(`refused with ${outcome}`);
  return outcome;
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** One plain request. */
export function ask(proxy: DeployedProxy, path: string, options: Visit & { body?: string } = {}): Promise<Answer> {
  const { address = '127.0.0.1', cookies, headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(proxy.url + path, {
      ca: proxy.ca,
      agent: false,
      localAddress: address,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
        ...cookieHeader(cookies),
      },
    });
    sent.on('error', reject).on('response', async (response) => {
      keep(cookies, response.headers['set-cookie']);
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    sent.end(body);
  });
}

function cookieHeader(cookies: ReadonlyMap<string, string> | undefined): Record<string, string> {
  if (cookies === undefined || cookies.size === 0) return {};
  return { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
}

function keep(cookies: Map<string, string> | undefined, lines: readonly string[] | undefined): void {
  for (const line of lines ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies?.set(name, value);
  }
}
