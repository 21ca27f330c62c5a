/** What a scenario of the official client works with; nothing here needs Node, so that scenarios run in a page too. */

import type { Centrifuge, Options, Subscription, SubscriptionEvents, SubscriptionOptions } from 'centrifuge';
import { gather, nextEvent } from './awaiting.js';
import type { Savings } from './combinations.js';

/** Claims of a token besides `exp`, which is given in seconds from now. */
export interface TokenClaims {
  readonly sub?: string;
  readonly channel?: string;
  readonly channels?: readonly string[];
  readonly info?: unknown;
  readonly expiresInSec?: number;
  /** `nbf`, in seconds from now. */
  readonly startsInSec?: number;
}

/** The server and the network between, as a scenario commands them. Arguments and results are JSON. */
export interface Controls {
  /** A token signed with the server's secret. */
  token(claims: TokenClaims): Promise<string>;
  publish(
    channel: string,
    data: unknown,
    tags?: Readonly<Record<string, string>>,
  ): Promise<{ offset: number; epoch: string }>;
  /** Subscribes a connected user by the word of the server. */
  subscribe(user: string, channel: string, data: unknown): Promise<void>;
  unsubscribe(user: string, channel: string): Promise<void>;
  disconnect(user: string, reconnect: boolean): Promise<void>;
  send(user: string, data: unknown): Promise<void>;
  /** What clients have sent outside any channel; resolves when there are that many. */
  messages(count: number): Promise<unknown[]>;
  /** Shuts the server down. */
  close(): Promise<void>;
  /** Resets the clients' connections and refuses new ones until {@link restore}. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** The broker does not deliver the next publication, though it keeps it. */
  loseNextDelivery(): Promise<void>;
  /** The broker forgets everything, as when it has been restarted without persistence. */
  loseHistory(): Promise<void>;
  /** The broker's clock jumps ahead. */
  skipBrokerTime(ms: number): Promise<void>;
  /** Frames that the server has compressed. */
  numDeflated(): Promise<number>;
}

export interface ScenarioContext {
  readonly server: Controls;
  /** What is agreed on with its clients where the rule has it. */
  readonly savings: Savings;
  /** An unmodified client that comes back quickly; it is disconnected when the scenario ends. */
  newClient(options?: Partial<Options>): Centrifuge;
}

/** One thing that the official client must be able to do. Rejects when it cannot. */
export type Scenario = (context: ScenarioContext) => Promise<void>;

/** A client that has connected as a user; anonymous without a name. */
export async function connected({ newClient, server }: ScenarioContext, user?: string): Promise<Centrifuge> {
  return ready(newClient(user === undefined ? {} : { token: await server.token({ sub: user }) }));
}

/** The client, connected. */
export async function ready(client: Centrifuge): Promise<Centrifuge> {
  client.connect();
  await client.ready();
  return client;
}

/** The code with which a client that connects is sent away. */
export async function codeOfLeaving(client: Centrifuge): Promise<number> {
  const disconnected = nextEvent(client, 'disconnected');
  client.connect();
  return (await disconnected).code;
}

/** The code with which a subscription is refused. */
export async function codeOfEnd(subscription: Subscribing): Promise<number> {
  const ended = nextEvent(subscription, 'unsubscribed');
  subscription.subscribe();
  return (await ended).code;
}

type Subscribing = Pick<Subscription, 'subscribe'> &
  Parameters<typeof nextEvent<SubscriptionEvents, 'unsubscribed'>>[0];

/** A subscription that is about to begin, and the data of what it gets. */
export function receiving(client: Centrifuge, channel: string, options?: SubscriptionOptions) {
  const room = client.newSubscription(channel, options);
  const received = gather(room, 'publication', ({ data }) => data);
  room.subscribe();
  return { room, received };
}

/** A subscription that has been granted. */
export async function subscribed(
  client: Centrifuge,
  channel: string,
  options?: SubscriptionOptions,
): Promise<Subscription> {
  const subscription = client.newSubscription(channel, options);
  subscription.subscribe();
  await subscription.ready();
  return subscription;
}

/** An anonymous client's subscription, and the data of what it gets. */
export async function joined(context: ScenarioContext, channel: string, options?: SubscriptionOptions) {
  const room = await subscribed(await connected(context), channel, options);
  return { room, received: gather(room, 'publication', ({ data }) => data) };
}
