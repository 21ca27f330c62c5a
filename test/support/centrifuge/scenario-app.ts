/** The Node side of the scenarios: a real application, a broker that obeys, and a network that can be cut. */

import type { Centrifuge, Options, TransportEndpoint } from 'centrifuge';
import { channel, fanfare, jwt, rpc } from 'fanfare';
import { z } from 'zod';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import type { BrokerEvents } from '../../../src/engine/ports/broker.js';
import type { ChannelName } from '../../../src/model/channel-name.js';
import type { BrokerFactory } from '../../../src/server/options.js';
import { RestartableBroker } from '../engine/restartable-broker.js';
import { FaultProxy } from '../network/fault-proxy.js';
import { signed } from '../servers/signed.js';
import { Gathered } from './awaiting.js';
import { nothing, type Offers } from './combinations.js';
import type { Controls, TokenClaims } from './context.js';

const secret = 'the scenarios sign their tokens with this';

/** A restartable broker that can lose a delivery, and whose clock can be put forward. */
class ObedientBroker extends RestartableBroker {
  losesNext = false;

  override start(events: BrokerEvents): Promise<void> {
    return super.start({
      onJoin: (name, info) => events.onJoin(name, info),
      onLeave: (name, info) => events.onLeave(name, info),
      onPublication: (name: ChannelName, publication, epoch) => {
        if (this.losesNext) this.losesNext = false;
        else events.onPublication(name, publication, epoch);
      },
    });
  }
}

/** The application of all scenarios. Expired subscriptions are found soon, and polling clients that were cut off, too. */
export function makeScenarioApp(
  broker: BrokerFactory | undefined,
  onMessage: (data: unknown) => void,
  { delta, compaction }: Offers,
) {
  const more = { delta, compaction };
  return fanfare({
    auth: jwt({ secret }),
    anonymous: true,
    ...(broker !== undefined && { broker }),
    onMessage,
    transports: { sse: true },
    // A page that posts each command on its own may have many to post before the pong, on a machine with other work.
    limits: { pingIntervalMs: 6_000, pongTimeoutMs: 5_000, expiredGraceMs: 1_500, pollGraceMs: 2_000 },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'open:{name}': channel({ ...more, subscribe: 'anyone', publish: 'subscriber', presence: true, joinLeave: true }),
      'typed:{name}': channel({ message: z.object({ text: z.string() }), subscribe: 'anyone', publish: 'subscriber' }),
      'stream:{name}': channel({
        ...more,
        subscribe: 'anyone',
        publish: 'subscriber',
        presence: true,
        history: { size: 10, ttl: '5m' },
      }),
      'slow:{name}': channel({
        ...more,
        // As an application that asks its database; the turn of a timer is enough for a frame to be read to its end.
        subscribe: () => new Promise((resolve) => setTimeout(resolve, 100, true)),
        publish: 'subscriber',
        presence: true,
        history: { size: 10, ttl: '5m' },
      }),
      'cache:{name}': channel({ ...more, subscribe: 'anyone', history: { size: 3, ttl: '5m' }, recovery: 'cache' }),
      'tagged:{name}': channel({ ...more, subscribe: 'anyone', history: { size: 10 }, filterTags: 'any' }),
      'tagcache:{name}': channel({
        ...more,
        subscribe: 'anyone',
        history: { size: 3 },
        recovery: 'cache',
        filterTags: ['kind'],
      }),
      'readonly:{name}': channel({ subscribe: 'anyone' }),
      'token:{name}': channel({ ...more, subscribe: 'token', publish: 'subscriber', history: { size: 10 } }),
      'closed:{name}': channel({}),
      news: channel({ history: { size: 10 }, presence: true, joinLeave: true }),
    },
    rpc: {
      add: rpc({ input: z.object({ a: z.number(), b: z.number() }), allow: 'anyone', run: ({ a, b }) => a + b }),
      nothing: rpc({ allow: 'anyone', run: () => undefined }),
      whoami: rpc({ run: (_, { user }) => ({ user }) }),
      fail: rpc({ allow: 'anyone', run: () => Promise.reject(new Error('it fails on purpose')) }),
    },
  });
}

async function sign({ startsInSec, ...claims }: TokenClaims): Promise<string> {
  return signed(secret, { ...claims, ...(startsInSec !== undefined && { nbf: Date.now() / 1_000 + startsInSec }) });
}

/** What commands the application and the network alone. */
export function controlsOf(app: ReturnType<typeof makeScenarioApp>, proxy: FaultProxy, messages: Gathered<unknown>) {
  return {
    token: sign,
    // safe: the scenarios name channels of all patterns, and some that there are not
    publish: (name, data, tags) => app.publish(name as 'news', data, { ...(tags && { tags }) }),
    subscribe: async (user, name, data) => {
      await app.subscribe(user, name as 'news', { data });
    },
    unsubscribe: async (user, name) => app.unsubscribe(user, name as 'news'),
    disconnect: async (user, reconnect) => app.disconnect(user, { reconnect }),
    send: async (user, data) => app.send(user, data),
    messages: async (count) => [...(await messages.atLeast(count))],
    close: () => app.close(1_000),
    cut: async () => proxy.cut(),
    restore: async () => proxy.restore(),
  } satisfies Partial<Controls>;
}

/** What a transport's test needs: where to connect, and the controls. */
export interface ScenarioServer extends AsyncDisposable {
  /** `127.0.0.1:port` of the network that can be cut. */
  readonly host: string;
  readonly controls: Controls;
}

/** Where an application's clients connect, if that is no server of its own. */
export type StartPlatform = (
  app: ReturnType<typeof makeScenarioApp>,
) => Promise<AsyncDisposable & { readonly port: number }>;

/**
 * @param offers of all rules under which scenarios publish much, and of the listener. Default: none
 * @param platform default: the application listens
 */
export async function startScenarioServer(offers = nothing, platform?: StartPlatform): Promise<ScenarioServer> {
  let aheadMs = 0;
  let broker: ObedientBroker | undefined;
  const messages = new Gathered<unknown>();
  const app = makeScenarioApp(
    (ports) => {
      const clock = { ...ports.clock, nowMs: () => ports.clock.nowMs() + aheadMs };
      broker = new ObedientBroker(() => new MemoryBroker({ clock, random: ports.random }));
      return broker;
    },
    (data) => messages.add(data),
    offers,
  );
  const own = await app.listen(0, { deflate: offers.deflate && { minBytes: 16 }, metrics: true });
  const handedOver = await platform?.(app);
  const proxy = await FaultProxy.start({ port: handedOver?.port ?? own.port });
  const controls: Controls = {
    ...controlsOf(app, proxy, messages),
    loseNextDelivery: async () => {
      if (broker !== undefined) broker.losesNext = true;
    },
    loseHistory: async () => broker?.restart(),
    skipBrokerTime: async (ms) => {
      aheadMs += ms;
    },
    numDeflated: async () => {
      const metrics = await (await fetch(`${own.url}/metrics`)).text();
      return Number(/^fanfare_deflated_frames_total (\d+)$/m.exec(metrics)?.[1]);
    },
  };
  return {
    host: `127.0.0.1:${proxy.port}`,
    controls,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await app.close(500);
      await handedOver?.[Symbol.asyncDispose]();
    },
  };
}

/** Makes an unmodified client, in one of its builds. */
export type ClientMaker = (endpoint: string | TransportEndpoint[], options: Partial<Options>) => Centrifuge;
