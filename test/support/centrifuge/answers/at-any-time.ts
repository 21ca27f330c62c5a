/** What the server says without being asked, and to what is no command. */

import { channel } from 'fanfare';
import type { WebSocket } from 'ws';
import { MemoryBroker } from '../../../../src/brokers/memory/broker.js';
import type { BrokerEvents } from '../../../../src/engine/ports/broker.js';
import type { ChannelName } from '../../../../src/model/channel-name.js';
import { type Answer, answer, type Seen } from './answer.js';
import {
  type App,
  type Bend,
  type Claims,
  fateOf,
  fateOfConnecting,
  fateOfSubscribing,
  fateOfSubscription,
  lineOf,
  nowSec,
  type Stage,
} from './stage.js';

/** What becomes of a connected client when something happens to it. */
async function fateWhen(stage: Stage, happens: (app: App) => unknown, claims: Claims = {}): Promise<Seen> {
  const client = await stage.connected({ getToken: () => stage.token(claims) });
  const fate = fateOf(client);
  await happens(await stage.served());
  return fate;
}

/** What becomes of a client behind a line on which other things arrive than it has sent. */
async function fateBehind(stage: Stage, bend: Bend, limits: object = {}): Promise<Seen> {
  await stage.serve({ limits });
  const client = stage.client({}, bend);
  const fate = fateOf(client);
  client.on('connected', () => client.rpc('any', {}).catch(() => undefined));
  client.connect();
  return fate;
}

async function fateOfRoom(stage: Stage, happens: (app: App) => unknown): Promise<Seen> {
  const client = await stage.connected({ token: await stage.token({}) });
  const room = await stage.subscribed(client, 'room:1');
  const fate = fateOfSubscription(client, room);
  await happens(await stage.served());
  return fate;
}

/** A broker that says when it has lost its line to the others. */
function interruptible() {
  let told: BrokerEvents | undefined;
  return {
    broker: (ports: ConstructorParameters<typeof MemoryBroker>[0]) =>
      new (class extends MemoryBroker {
        override start(events: BrokerEvents): Promise<void> {
          told = events;
          return super.start(events);
        }
      })(ports),
    // safe: a name of the rules
    interrupt: (name: string) =>
      told?.onPublication(name as ChannelName, { data: '1' as never, offset: 99 }, 'another'),
  };
}

export const atAnyTime: readonly Answer[] = [
  answer(['nothing', 3012, 'line'], 'no `connect` came in time: a slow line, a laptop that slept', async (stage) => {
    await stage.serve({ limits: { connectTimeoutMs: 200 } });
    let frames = 0;
    return fateOfConnecting(stage.client({}, (frame) => (frames++ === 0 ? [] : [frame])));
  }),
  answer(['nothing', 3012, 'line'], 'no pong came in time', (stage) =>
    fateBehind(stage, (frame) => (frame === '{}' ? [] : [frame]), { pingIntervalMs: 1_000, pongTimeoutMs: 500 }),
  ),
  answer(['nothing', 3008, 'line'], 'it reads slower than messages come', async (stage) => {
    const app = await stage.serve({ limits: { maxQueueBytes: 100_000 } });
    const client = stage.client();
    let socket: WebSocket | undefined;
    lineOf(client).once('open', (opened) => {
      socket = opened;
    });
    client.connect();
    await stage.subscribed(client, 'room:1');
    const fate = fateOf(client);
    if (socket === undefined) throw new Error('it is connected');
    socket.pause();
    for (let n = 0; n < 400; n++) {
      await app.publish('room:1', 'x'.repeat(60_000));
      if ((await app.info())[0]?.numClients === 0) break;
    }
    socket.resume();
    return fate;
  }),
  answer(['nothing', 3005, 'stale token'], 'no new token came in time', async (stage) => {
    await stage.serve({ limits: { expiredGraceMs: 100 } });
    let fetched = 0;
    const client = stage.client({
      getToken: () =>
        fetched++ === 1 ? new Promise(() => undefined) : stage.token(fetched === 1 ? { expiresInSec: 1 } : {}),
    });
    return fateOfConnecting(client);
  }),
  answer(['nothing', 3006, 'stale token'], 'a subscription that the server has made has expired', (stage) =>
    fateWhen(stage, (app) => app.subscribe('ann', 'room:1', { expiresAt: Date.now() / 1_000 + 1 })),
  ),
  answer(
    ['nothing', 3010, 'fault'],
    'a subscription that the server has made may have missed something',
    async (stage) => {
      const { broker, interrupt } = interruptible();
      await stage.serve({ broker });
      return fateWhen(stage, async (app) => {
        await app.subscribe('ann', 'room:1');
        interrupt('room:1');
      });
    },
  ),
  answer(['nothing', 3001, 'load'], 'the server goes down; another one may be up', (stage) =>
    fateWhen(stage, (app) => void app.close(500)),
  ),
  answer(['nothing', 3013, 'load'], 'commands went on coming faster than allowed', async (stage) => {
    await stage.serve({ limits: { commandsPerSec: 1, commandBurst: 2 } });
    const client = await stage.connected();
    const fate = fateOf(client);
    for (let n = 0; n < 100; n++) client.rpc('x', {}).catch(() => undefined);
    return fate;
  }),
  answer(['nothing', 3011, 'application'], 'the application wants it to connect anew', (stage) =>
    fateWhen(stage, (app) => app.disconnect('ann', { reconnect: true })),
  ),
  answer(['nothing', 3503, 'application'], 'the application has sent it away, or blocked its user', (stage) =>
    fateWhen(stage, (app) => app.disconnect('ann')),
  ),
  answer(
    ['nothing', 3504, 'rule'],
    'the user has a newer connection, where `personal.singleConnection` allows one: two that came back would go on ending each other',
    async (stage) => {
      await stage.serve({ personal: { singleConnection: true } });
      return fateWhen(stage, async () => stage.connected({ token: await stage.token({}) }));
    },
  ),
  answer(['nothing', 3500, 'application'], 'its token was revoked', (stage) =>
    fateWhen(stage, (app) => app.revokeToken('t1'), { jti: 't1' }),
  ),
  answer(
    ['nothing', 3005, 'clock'],
    'its token was made up to 10 seconds before the tokens of its user were revoked',
    async (stage) => {
      const atSec = nowSec();
      const client = await stage.connected({ getToken: stage.tokens({ iat: atSec - 3 }, { iat: atSec }) });
      const fate = fateOf(client);
      await (await stage.served()).revokeUserTokens('ann', atSec);
      return fate;
    },
  ),
  answer(
    ['nothing', 2501, 'clock'],
    'the token of the subscription was made up to 10 seconds before the tokens of its user were revoked',
    async (stage) => {
      const atSec = nowSec();
      const app = await stage.serve();
      const client = await stage.connected({ token: await stage.token({ iat: atSec }) });
      const [old, good] = [atSec - 3, atSec].map((iat) => ({ channel: 'token:1', iat }));
      const getToken = stage.tokens(old ?? {}, good ?? {});
      const fate = fateOfSubscription(client, await stage.subscribed(client, 'token:1', { getToken }));
      await app.revokeUserTokens('ann', atSec);
      return fate;
    },
  ),
  answer(['nothing', 2500, 'fault'], 'the subscription may have missed something', async (stage) => {
    const { broker, interrupt } = interruptible();
    await stage.serve({ broker });
    return fateOfRoom(stage, () => interrupt('room:1'));
  }),
  answer(['nothing', 2501, 'stale token'], 'no new subscription token came in time', async (stage) => {
    await stage.serve({ limits: { expiredGraceMs: 100 } });
    const client = await stage.connected({ token: await stage.token({}) });
    let fetched = 0;
    const getToken = () =>
      fetched++ === 1
        ? new Promise<string>(() => undefined)
        : stage.token({ channel: 'token:1', ...(fetched === 1 && { expiresInSec: 1 }) });
    return fateOfSubscribing(client, stage.subscription(client, 'token:1', { getToken }));
  }),
  answer(
    ['nothing', 2500, 'configuration'],
    'the rule of its channel has changed, and keeps a history as before',
    async (stage) => {
      const rule = { subscribe: 'anyone', history: { size: 20, ttl: '1m' } } as const;
      return fateOfRoom(stage, () => stage.changeRules({ 'room:{x}': channel({ ...rule, joinLeave: true }) }));
    },
  ),
  answer(['nothing', 2502, 'configuration'], 'the rule of its channel has changed, and keeps no history', (stage) =>
    fateOfRoom(stage, () => stage.changeRules({ 'room:{x}': channel({ subscribe: 'anyone' }) })),
  ),
  answer(['nothing', 2000, 'application'], 'the application has ended the subscription', (stage) =>
    fateOfRoom(stage, (app) => app.unsubscribe('ann', 'room:1')),
  ),

  answer(
    ['anything', 3501, 'mistake'],
    'what comes is not of this protocol, or in an order that there cannot be',
    (stage) => fateBehind(stage, (frame) => (frame.includes('"rpc"') ? ['garbage'] : [frame])),
  ),
  answer(
    ['anything', 3506, 'mistake'],
    'a binary frame comes on a connection that speaks JSON, or a text frame on one that speaks Protobuf',
    (stage) => fateBehind(stage, (frame) => (frame.includes('"rpc"') ? [Buffer.from(frame)] : [frame])),
  ),
  answer(
    ['anything', 1009, 'mistake'],
    'a frame is larger than `maxFrameBytes`. A page bounds what people can send; and the SDK sends the subscribes of all channels in one frame, with their tokens, for which the limit has room',
    (stage) => fateBehind(stage, (frame) => (frame.includes('"rpc"') ? ['x'.repeat(300_000)] : [frame])),
  ),
  answer(['pong', 3501, 'mistake'], 'nobody has asked for it, on WebSocket', (stage) =>
    fateBehind(stage, (frame) => (frame.includes('"rpc"') ? ['{}'] : [frame])),
  ),
];
