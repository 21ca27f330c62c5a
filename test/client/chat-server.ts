/** A server with one channel of each kind that the client's tests need, and clients that are closed with it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { channel, fanfare, jwt, rpc } from 'fanfare';
import {
  type AnyApp,
  type Channel,
  type ChannelEvents,
  type Client,
  type ClientEvents,
  type ConnectOptions,
  connect,
} from 'fanfare/client';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { deferred } from '../support/engine/deferred.js';
import { served } from '../support/servers/served.js';
import { signed } from '../support/servers/signed.js';

const secret = 'the secret of the tests, 32 bytes or more';
const text = z.object({ text: z.string() });

/** A token for a connection, or for a channel. */
export function tokenOf(user: string, claims: { readonly expiresInSec?: number; readonly channel?: string } = {}) {
  return signed(secret, { sub: user, ...claims });
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
        filterTags: ['kind'],
        presence: true,
        joinLeave: true,
      }),
      /** The newest of what was published. */
      'score:{room}': channel({ message: text, subscribe: 'anyone', maxRate: {} }),
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
      fail: rpc({ allow: 'anyone', run: () => Promise.reject(new Error('broken on purpose')) }),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

export type ChatApp = ReturnType<typeof chatApp>;
export type ChatClient = Client<ChatApp>;

export interface ChatServer {
  readonly app: ChatApp;
  readonly url: string;
  connect(options?: ConnectOptions): ChatClient;
  /** A client of a user's, who is in the lobby. */
  entered(user: string): Promise<ChatClient>;
  /** Takes the connection of a client of ann's away, until the door is open; resolves with the event of that. */
  cut(client: ChatClient, door: Pick<Gate, 'shut'>): Promise<ClientEvents['connecting']>;
}

/** Closed with its clients when the test has finished. @param defaults of its clients */
export async function serveChat(defaults: ConnectOptions = {}): Promise<ChatServer> {
  const { app, url } = await served(chatApp());
  const connect = (options?: ConnectOptions) => quickClient<ChatApp>(url, { ...defaults, ...options });
  return {
    app,
    url,
    connect,
    async entered(user) {
      const client = connect({ token: await tokenOf(user) });
      await client.channel('chat:lobby').ready();
      return client;
    },
    cut(client, door) {
      const connecting = next(client, 'connecting');
      door.shut();
      app.disconnect('ann', { reconnect: true });
      return connecting;
    },
  };
}

/** A client that reconnects fast, and is closed when the test has finished. */
export function quickClient<App extends AnyApp>(url: string, options: ConnectOptions = {}): Client<App> {
  const quick = { websocket: WebSocket, minReconnectDelayMs: 5, maxReconnectDelayMs: 20 };
  const client = connect<App>(url, { ...quick, ...options });
  onTestFinished(() => client.close());
  return client;
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

interface Gate {
  readonly passed: () => Promise<undefined>;
  open(): void;
  shut(): void;
}

/** A door that calls wait behind, to hold a reconnect back for as long as a test needs. */
export function gate(): Gate {
  let closed: ReturnType<typeof deferred<void>> | undefined;
  return {
    passed: async () => {
      await closed?.promise;
      return undefined;
    },
    open() {
      closed?.resolve();
      closed = undefined;
    },
    shut() {
      closed = deferred();
    },
  };
}

/** Resolves when the condition holds, looked at once a turn of the event loop; the test's own time-out ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}
