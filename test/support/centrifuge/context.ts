/** What a scenario of the official client works with; nothing here needs Node, so that scenarios run in a page too. */

import type { Centrifuge, Options, Subscription, SubscriptionOptions } from 'centrifuge';

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
}

export interface ScenarioContext {
  readonly server: Controls;
  /** An unmodified client that comes back quickly; it is disconnected when the scenario ends. */
  newClient(options?: Partial<Options>): Centrifuge;
}

/** One thing that the official client must be able to do. Rejects when it cannot. */
export type Scenario = (context: ScenarioContext) => Promise<void>;

/** A client that has connected as a user; anonymous without a name. */
export async function connected(
  { newClient, server }: ScenarioContext,
  user?: string,
  options: Partial<Options> = {},
): Promise<Centrifuge> {
  const client = newClient({ ...(user !== undefined && { token: await server.token({ sub: user }) }), ...options });
  client.connect();
  await client.ready(5_000);
  return client;
}

/** A subscription that has been granted. */
export async function subscribed(
  client: Centrifuge,
  channel: string,
  options?: SubscriptionOptions,
): Promise<Subscription> {
  const subscription = client.newSubscription(channel, options);
  subscription.subscribe();
  await subscription.ready(5_000);
  return subscription;
}
