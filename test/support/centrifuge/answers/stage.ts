/** A real server and real clients for one answer, a line between them that can be bent, and what becomes of the clients. */

import { EventEmitter } from 'node:events';
import { Centrifuge, type Options, type Subscription, type SubscriptionOptions } from 'centrifuge';
import { channel, type FanfareApp, type FanfareOptions, jwt } from 'fanfare';
import { WebSocket } from 'ws';
import type { ChannelDeclaration } from '../../../../src/engine/channels/channel-options.js';
import { assemble } from '../../../../src/server/fanfare.js';
import { signed } from '../../servers/signed.js';
import { ready } from '../context.js';
import type { Fate, Seen } from './answer.js';

export const secret = 'the answers are made with tokens of this';

// biome-ignore lint/suspicious/noExplicitAny: each answer declares channels and procedures of its own
type AnyOptions = FanfareOptions<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type App = FanfareApp<any, any>;

/** The one close code of WebSocket's own after which the client does not come back. */
const tooLarge = 1_009;

export interface Claims {
  /** In place of the server's. */
  readonly key?: string;
  readonly expiresInSec?: number;
  readonly [claim: string]: unknown;
}

export const nowSec = () => Math.floor(Date.now() / 1_000);

/** What goes over the line in place of a frame of the client's. */
export type Bend = (frame: string) => readonly (string | Buffer)[];

export class Stage implements AsyncDisposable {
  readonly #ends: (() => void | Promise<void>)[] = [];
  #url = '';
  #app: App | undefined;
  /** Of the server, while it runs. */
  changeRules: (channels: Readonly<Record<string, ChannelDeclaration>>) => void = () => undefined;

  async serve(options: AnyOptions = {}): Promise<App> {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const all = { auth: jwt({ secret }), anonymous: true, log, channels: rooms, ...options } as AnyOptions;
    const { app, prepareChange } = assemble(all, undefined);
    const unchanged = { limits: options.limits ?? {}, personal: {}, observer: undefined, procedureFallback: undefined };
    this.changeRules = (channels) => prepareChange({ ...unchanged, channels })();
    this.#app = app;
    const { url } = await app.listen(0);
    this.#url = `${url.replace('http', 'ws')}/connection/websocket`;
    this.#ends.push(() => app.close(200));
    return app;
  }

  /** Serves so, and goes on with the row. */
  async serving(options: AnyOptions, then: (app: App) => unknown = () => undefined): Promise<this> {
    await then(await this.serve(options));
    return this;
  }

  /** What a row has served; with the usual options where it has served nothing. */
  async served(): Promise<App> {
    return this.#app ?? this.serve();
  }

  onEnd(end: () => void): void {
    this.#ends.unshift(end);
  }

  token(claims: Claims): Promise<string> {
    return signed(claims.key ?? secret, { sub: 'ann', ...claims });
  }

  /** Gives the tokens with these claims one after the other, and the last one from then on. */
  tokens(...claims: readonly Claims[]): () => Promise<string> {
    let fetched = 0;
    return () => this.token(claims[Math.min(fetched++, claims.length - 1)] ?? {});
  }

  /** An unmodified client that comes back quickly, over a line that may be bent, and is listened to. */
  client(options: Partial<Options> = {}, bend: Bend = (frame) => [frame]): Centrifuge {
    const line = new EventEmitter();
    const quick = { minReconnectDelay: 10, maxReconnectDelay: 50, websocket: socketOf(line, bend) };
    const client = new Centrifuge(this.#url, { ...quick, ...options });
    lines.set(client, line);
    this.onEnd(() => client.disconnect());
    return client;
  }

  async connected(options: Partial<Options> = {}, bend?: Bend): Promise<Centrifuge> {
    await this.served();
    return ready(this.client(options, bend));
  }

  /** The pause before another refresh is 5 to 20 s; nothing else of the client is changed. */
  hurried<Renewed extends Centrifuge | Subscription>(renewed: Renewed): Renewed {
    Reflect.set(renewed, '_getRefreshRetryDelay', () => 20);
    return renewed;
  }

  subscription(client: Centrifuge, name: string, options: Partial<SubscriptionOptions> = {}): Subscription {
    return client.newSubscription(name, { minResubscribeDelay: 1, maxResubscribeDelay: 10, ...options });
  }

  async subscribed(client: Centrifuge, name: string, options?: Partial<SubscriptionOptions>): Promise<Subscription> {
    const subscription = this.subscription(client, name, options);
    subscription.subscribe();
    await subscription.ready(20_000);
    return subscription;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
  }
}

const rooms = {
  'room:{x}': channel({
    subscribe: 'anyone',
    publish: 'anyone',
    presence: 'anyone',
    history: { size: 10, read: 'anyone' },
  }),
  'token:{x}': channel({ subscribe: 'token' }),
  'plain:{x}': channel({ subscribe: 'anyone' }),
  'closed:{x}': channel({ presence: true, history: { size: 10 } }),
};

/** What came over the line of each client: `close` with the code, `error` with that of a reply. */
const lines = new WeakMap<Centrifuge, EventEmitter>();

/** The client tells neither how an attempt ended, nor what the reply to an unsubscribe was. */
export function lineOf(client: Centrifuge): EventEmitter {
  const line = lines.get(client);
  if (line === undefined) throw new Error('a client of another stage');
  return line;
}

function socketOf(line: EventEmitter, bend: Bend): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string) {
      super(url);
      line.emit('open', this);
      this.on('close', (code) => line.emit('closed', code));
      this.on('message', (frame) => {
        for (const [, code] of String(frame).matchAll(/^\{"id":\d+,"error":\{"code":(\d+)/gm))
          line.emit('refused', Number(code));
      });
    }

    override send(frame: unknown): void {
      for (const one of bend(String(frame))) super.send(one);
    }
  } as typeof WebSocket;
}

/** What becomes of a connection: sent away for good, or there again, or on its way for the second time. */
export function fateOf(client: Centrifuge): Promise<Seen> {
  return new Promise((resolve) => {
    let told: number | undefined;
    let isAnotherAttempt = false;
    lineOf(client).on('open', () => {
      isAnotherAttempt = told !== undefined;
    });
    const back = () => {
      if (told !== undefined) resolve({ code: told, fate: 'comes back' });
    };
    client.on('disconnected', ({ code }) => resolve({ code: told ?? code, fate: 'stays away' }));
    client.on('connected', back);
    lineOf(client).on('closed', (code) => {
      if (code >= 3_000 || code === tooLarge) told ??= code;
    });
    client.on('error', ({ type, error }) => {
      // On its way, to a server that is not there any more.
      if (type === 'transport' && client.state === 'connecting' && error.code === 2 && isAnotherAttempt) back();
      if (error.code < 100 || (type !== 'connect' && type !== 'refresh')) return;
      // It has asked the server once more.
      if (told !== undefined) resolve({ code: told, fate: type === 'refresh' ? 'goes on' : 'comes back' });
      told ??= error.code;
    });
  });
}

export function fateOfConnecting(client: Centrifuge): Promise<Seen> {
  const fate = fateOf(client);
  client.connect();
  return fate;
}

export function fateOfSubscribing(client: Centrifuge, subscription: Subscription): Promise<Seen> {
  const fate = fateOfSubscription(client, subscription);
  subscription.subscribe();
  return fate;
}

/** What becomes of a subscription, and of the connection under it. */
export function fateOfSubscription(client: Centrifuge, subscription: Subscription): Promise<Seen> {
  const ofConnection = fateOf(client);
  const own = new Promise<Seen>((resolve) => {
    let told: number | undefined;
    const again = (fate: Fate = 'asks again') => {
      if (told !== undefined && client.state === 'connected') resolve({ code: told, fate });
    };
    subscription.on('unsubscribed', ({ code }) => {
      if (client.state === 'connected') resolve({ code: told ?? code, fate: 'ends' });
    });
    subscription.on('subscribed', () => again());
    subscription.on('subscribing', ({ code }) => {
      if (code >= 2_500) told ??= code;
    });
    subscription.on('error', ({ type, error }) => {
      if (error.code < 100) return;
      // It has asked the server once more.
      again(type === 'refresh' ? 'goes on' : 'asks again');
      told ??= error.code;
    });
  });
  return Promise.race([own, ofConnection]);
}

/** What becomes of a call, and whether anything happens to the connection and a subscription beside it. */
export async function fateOfCall(client: Centrifuge, call: () => Promise<unknown>): Promise<Seen> {
  const other = client.newSubscription('plain:beside');
  other.subscribe();
  await other.ready(20_000);
  const states: string[] = [];
  client.on('state', ({ newState }) => states.push(newState));
  other.on('state', ({ newState }) => states.push(newState));
  const code = await call().then(
    () => {
      throw new Error('it was not refused');
    },
    (error: { readonly code?: number }) => error.code ?? 0,
  );
  await other.publish({}).catch(() => undefined);
  if (states.length > 0) throw new Error(`something else changed: ${states.join()}`);
  return { code, fate: 'fails' };
}
