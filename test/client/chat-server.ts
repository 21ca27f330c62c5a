/** A server with one channel of each kind that the client's tests need, and clients that are closed with it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { channel, fanfare, jwt, rpc } from 'fanfare';
import {
  type Channel,
  type ChannelEvents,
  type Client,
  type ClientEvents,
  type ConnectOptions,
  connect,
} from 'fanfare/client';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { z } from 'zod';

const secret = 'the secret of the tests, 32 bytes or more';
const text = z.object({ text: z.string() });

export interface TokenClaims {
  readonly expiresInSec?: number;
  readonly channel?: string;
}

/** A token for a connection, or for a channel. */
export function tokenOf(user: string, { expiresInSec, channel: name }: TokenClaims = {}): Promise<string> {
  const jwtOfUser = new SignJWT(name === undefined ? {} : { channel: name }).setProtectedHeader({ alg: 'HS256' });
  jwtOfUser.setSubject(user);
  if (expiresInSec !== undefined) jwtOfUser.setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInSec);
  return jwtOfUser.sign(new TextEncoder().encode(secret));
}

function chatApp() {
  return fanfare({
    anonymous: true,
    auth: jwt({ secret }),
    channels: {
      'chat:{room}': channel({
        message: text,
        subscribe: 'anyone',
        publish: 'anyone',
        history: { size: 100 },
        presence: true,
        joinLeave: true,
      }),
      /** Forgets all but the latest two. */
      'short:{room}': channel({ message: text, subscribe: 'anyone', history: { size: 2 } }),
      /** Keeps nothing, tells nobody. */
      'plain:{room}': channel({ message: text, subscribe: 'anyone', publish: 'anyone' }),
      'secret:{room}': channel({ message: text, subscribe: 'token' }),
      /** Write only. */
      'inbox:{user}': channel({ message: text, publish: 'anyone' }),
      'echo:{room}': channel({ subscribe: ({ data }) => ({ data: { echo: data } }) }),
    },
    rpc: {
      add: rpc({ input: z.object({ a: z.number(), b: z.number() }), allow: 'anyone', run: ({ a, b }) => a + b }),
      whoAmI: rpc({ run: (_, { user }) => user }),
      fail: rpc({
        allow: 'anyone',
        run: () => {
          throw new Error('broken on purpose');
        },
      }),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

export type ChatApp = ReturnType<typeof chatApp>;
export type ChatClient = Client<ChatApp>;

export interface ChatServer {
  readonly app: ChatApp;
  readonly url: string;
  /** Reconnects fast, and is closed with the server. */
  connect(options?: ConnectOptions): ChatClient;
  /** Closes the clients and the server. */
  close(): Promise<void>;
}

export async function serveChat(): Promise<ChatServer> {
  const app = chatApp();
  const { url } = await app.listen(0);
  const clients: ChatClient[] = [];
  return {
    app,
    url,
    connect(options = {}) {
      const client = connect<ChatApp>(url, {
        websocket: WebSocket,
        minReconnectDelayMs: 5,
        maxReconnectDelayMs: 20,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await app.close(2_000);
    },
  };
}

/** The first events of that name, in order. */
export function take<Data, Input, Event extends keyof ChannelEvents<Data>>(
  source: Channel<Data, Input>,
  event: Event,
  count: number,
): Promise<ChannelEvents<Data>[Event][]>;
export function take<Event extends keyof ClientEvents>(
  source: AnyClient,
  event: Event,
  count: number,
): Promise<ClientEvents[Event][]>;
export function take(source: AnySource, event: string, count: number): Promise<unknown[]> {
  return collect(source, event, count);
}

/** The next event of that name. */
export function next<Data, Input, Event extends keyof ChannelEvents<Data>>(
  source: Channel<Data, Input>,
  event: Event,
): Promise<ChannelEvents<Data>[Event]>;
export function next<Event extends keyof ClientEvents>(source: AnyClient, event: Event): Promise<ClientEvents[Event]>;
export function next(source: AnySource, event: string): Promise<unknown> {
  return collect(source, event, 1).then(([payload]) => payload);
}

/** Its events are the same, whatever its application is. */
type AnyClient = Pick<ChatClient, 'on' | 'transport'>;

interface AnySource {
  on(event: string, listener: (payload: unknown) => void): () => void;
}

function collect(source: AnySource, event: string, count: number): Promise<unknown[]> {
  const payloads: unknown[] = [];
  return new Promise((resolve) => {
    const stop = source.on(event, (payload) => {
      payloads.push(payload);
      if (payloads.length < count) return;
      stop();
      resolve(payloads);
    });
  });
}

/** A door that calls wait behind, to hold a reconnect back for as long as a test needs. */
export function gate(): { readonly passed: () => Promise<undefined>; open(): void; shut(): void } {
  let closed: { readonly promise: Promise<void>; readonly open: () => void } | undefined;
  return {
    passed: async () => {
      await closed?.promise;
      return undefined;
    },
    open() {
      closed?.open();
      closed = undefined;
    },
    shut() {
      let open = () => {};
      const promise = new Promise<void>((resolve) => {
        open = resolve;
      });
      closed = { promise, open };
    },
  };
}

/** Resolves when the condition holds, looked at once a turn of the event loop; the test's own time-out ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}
