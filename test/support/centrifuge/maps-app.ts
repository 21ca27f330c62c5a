/** A server with maps for the official client: a broker that obeys, and a network that can be cut. */

import type { Centrifuge, MapSubscription, MapSubscriptionOptions } from 'centrifuge';
import { channel, fanfare, jwt } from 'fanfare';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { BrokerPorts } from '../../../src/brokers/ports.js';
import { FaultProxy } from '../network/fault-proxy.js';
import { signed } from '../servers/signed.js';
import { type Gathered, gather } from './awaiting.js';
import { type BrokerOfMaps, MapBroker } from './map-broker.js';
import type { ClientMaker } from './scenario-app.js';

const secret = 'the scenarios of maps sign their tokens with this';

/** Makes a broker that knows nothing of those before it. */
export type BrokerMaker = (ports: BrokerPorts) => BrokerOfMaps;

const inMemory: BrokerMaker = ({ clock, random }) => new MemoryBroker({ clock, random });

const channels = {
  'map:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', map: {}, history: { size: 40, ttl: '5m' } }),
  'small:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', map: { size: 3 } }),
  'timed:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', map: { ttl: '30s' } }),
  'typed:{name}': channel({
    message: z.object({ x: z.number() }),
    subscribe: 'anyone',
    publish: 'subscriber',
    map: {},
  }),
  'closed:{name}': channel({ map: {} }),
  'readonly:{name}': channel({ subscribe: 'anyone', map: {} }),
  'users:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', map: { key: 'user' } }),
  'cursors:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', map: { key: 'client', ttl: '1m' } }),
  'token:{name}': channel({ subscribe: 'token', map: {} }),
  'asked:{name}': channel({
    subscribe: 'anyone',
    publish: ({ key, removed }) => key === 'open' && (removed === true || { data: 'granted' }),
    map: {},
  }),
  'room:{name}': channel({ subscribe: 'anyone', presence: true }),
  'here:{channel*}': channel({ subscribe: 'anyone', map: { presence: 'clients' } }),
  'online:{channel*}': channel({ subscribe: 'user', map: { presence: 'users' } }),
  'stream:{name}': channel({ subscribe: 'anyone', publish: 'subscriber', history: { size: 10 } }),
};

type Channel = 'map:room';

export class MapServer implements AsyncDisposable {
  readonly #clients: Centrifuge[] = [];

  private constructor(
    readonly app: ReturnType<typeof MapServer.made>['app'],
    readonly broker: MapBroker,
    readonly proxy: FaultProxy,
    private readonly skipTime: (ms: number) => void,
    private readonly make: ClientMaker,
  ) {}

  private static made(makeBroker: BrokerMaker, keepsPresence: boolean) {
    let aheadMs = 0;
    const withoutPresence = Object.fromEntries(
      Object.entries(channels).filter(([name]) => !/^(room|here|online):/.test(name)),
    );
    const box: { broker?: MapBroker } = {};
    const app = fanfare({
      auth: jwt({ secret }),
      anonymous: true,
      broker: (ports) => {
        const clock = { ...ports.clock, nowMs: () => ports.clock.nowMs() + aheadMs };
        box.broker = new MapBroker(() => makeBroker({ ...ports, clock }));
        return box.broker;
      },
      limits: { maxRecoveredPublications: 8 },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      // safe: what is left out has no part in the types of the scenarios
      channels: keepsPresence ? channels : (withoutPresence as typeof channels),
    });
    return {
      app,
      box,
      skip: (ms: number) => {
        aheadMs += ms;
      },
    };
  }

  /** @param keepsPresence whether the broker does; otherwise there are no rules with presence */
  static async start(make: ClientMaker, makeBroker = inMemory, keepsPresence = true): Promise<MapServer> {
    const { app, box, skip } = MapServer.made(makeBroker, keepsPresence);
    const { port } = await app.listen(0);
    const proxy = await FaultProxy.start({ port });
    if (box.broker === undefined) throw new Error('the application has no broker');
    return new MapServer(app, box.broker, proxy, skip, make);
  }

  /** The map of that name, whichever rule it has. */
  map(name = 'map:room') {
    // safe: the scenarios name channels of all patterns
    return this.app.map(name as Channel);
  }

  /** Sets keys k0, k1, … to their numbers. */
  async fill(count: number, name?: string): Promise<void> {
    for (let n = 0; n < count; n++) await this.map(name).set(`k${n}`, n);
  }

  async stateOf(name?: string): Promise<Record<string, unknown>> {
    const state: Record<string, unknown> = {};
    for await (const { key, value } of this.map(name)) state[key] = value;
    return state;
  }

  skipBrokerTime(ms: number): void {
    this.skipTime(ms);
  }

  async client(user?: string): Promise<Centrifuge> {
    const client = this.make(`ws://127.0.0.1:${this.proxy.port}/connection/websocket`, {
      websocket: WebSocket,
      minReconnectDelay: 10,
      maxReconnectDelay: 50,
      ...(user !== undefined && { token: await signed(secret, { sub: user }) }),
    });
    this.#clients.push(client);
    client.connect();
    await client.ready();
    return client;
  }

  token(claims: Record<string, unknown>): Promise<string> {
    return signed(secret, claims);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.proxy[Symbol.asyncDispose]();
    await this.app.close(500);
  }
}

/** What an application does with a map: it takes each snapshot, and applies each update. */
export class Viewer {
  readonly state = new Map<string, unknown>();
  readonly syncs: Gathered<number>;
  /** `k=value`, or `-k` for a removal. */
  readonly updates: Gathered<string>;
  readonly subscription: MapSubscription;

  constructor(client: Centrifuge, name = 'map:room', options: MapSubscriptionOptions = {}) {
    const subscription = client.newMapSubscription(name, {
      minResubscribeDelay: 1,
      maxResubscribeDelay: 10,
      ...options,
    });
    this.subscription = subscription;
    this.syncs = gather(subscription, 'sync', ({ entries }) => {
      this.state.clear();
      for (const { key, data } of entries) this.state.set(key, data);
      return entries.length;
    });
    this.updates = gather(subscription, 'update', ({ key, data, removed }) => {
      if (removed === true) this.state.delete(key);
      else this.state.set(key, data);
      return removed === true ? `-${key}` : `${key}=${JSON.stringify(data)}`;
    });
  }

  async subscribed(): Promise<this> {
    this.subscription.subscribe();
    await this.subscription.ready();
    return this;
  }

  get entries(): Record<string, unknown> {
    return Object.fromEntries(this.state);
  }
}
