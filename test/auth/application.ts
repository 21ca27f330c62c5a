/** An application for the tests of permissions and revocation, with official clients on it. */

import { Centrifuge, type Options, type Subscription, type SubscriptionOptions } from 'centrifuge';
import { type FanfareOptions, fanfare, jwt } from 'fanfare';
import { WebSocket } from 'ws';
import type { ChannelDeclarations, ChannelSchemas } from '../../src/engine/channels/channel-types.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import type { FanfareApp } from '../../src/server/app.js';
import { ready } from '../support/centrifuge/context.js';
import { signed } from '../support/servers/signed.js';

export const secret = 'applications of the tests sign with this one';

/** Of any claims. */
export function sign(claims: Parameters<typeof signed>[1]): Promise<string> {
  return signed(secret, claims);
}

/** What became of an attempt: the code of the refusal, or `undefined`. */
export type Outcome = number | undefined;

export class TestApplication implements AsyncDisposable {
  readonly #clients: Centrifuge[] = [];

  private constructor(
    readonly app: FanfareApp<ChannelSchemas, Record<never, never>>,
    readonly port: number,
  ) {}

  static async start(
    channels: ChannelDeclarations<ChannelSchemas>,
    options: Omit<FanfareOptions<ChannelSchemas, Record<never, never>>, 'channels'> = {},
  ): Promise<TestApplication> {
    const app = fanfare<ChannelSchemas, Record<never, never>>({
      auth: jwt({ secret }),
      log: silentLogger,
      channels,
      ...options,
    });
    const { port } = await app.listen(0, { metrics: true });
    return new TestApplication(app, port);
  }

  /** A client that comes back quickly. */
  client(options: Partial<Options> = {}): Centrifuge {
    const quick = { minReconnectDelay: 10, maxReconnectDelay: 50, websocket: WebSocket };
    const client = new Centrifuge(`ws://127.0.0.1:${this.port}/connection/websocket`, { ...quick, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client with these claims in its token, connected. */
  async connected(claims: Parameters<typeof sign>[0] = {}, options: Partial<Options> = {}): Promise<Centrifuge> {
    return ready(this.client({ token: await sign(claims), ...options }));
  }

  /** Whether a token lets in. */
  async attempt(claims: Parameters<typeof sign>[0]): Promise<Outcome> {
    const client = this.client({ token: await sign(claims) });
    return new Promise((resolve) => {
      client.on('disconnected', ({ code }) => resolve(code));
      client.on('connected', () => {
        resolve(undefined);
        client.disconnect();
      });
      client.connect();
    });
  }

  /** The value of a metric, by name and labels as they stand in the text; 0 when it is not there. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.app.close(500);
  }
}

/** Subscribes. A refusal is its code; a subscription that is there is left there. */
export function subscribe(
  client: Centrifuge,
  channel: string,
  options: Partial<SubscriptionOptions> = {},
): Promise<Outcome> {
  const subscription = client.getSubscription(channel) ?? client.newSubscription(channel, options);
  return outcomeOf(subscription);
}

export function outcomeOf(subscription: Subscription): Promise<Outcome> {
  return new Promise((resolve) => {
    subscription.once('subscribed', () => resolve(undefined));
    subscription.once('unsubscribed', ({ code }) => resolve(code));
    subscription.once('error', ({ error }) => resolve(error.code));
    subscription.subscribe();
  });
}

/** The code with which a command is refused; `undefined` when it is not. */
export async function codeOf(command: Promise<unknown>): Promise<Outcome> {
  try {
    await command;
    return undefined;
  } catch (error) {
    // safe: the SDK rejects with its error object, never with an Error
    return (error as { readonly code: number }).code;
  }
}
