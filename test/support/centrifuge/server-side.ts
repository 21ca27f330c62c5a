/** Scenarios: channels that the server subscribes a client to by the claims of its token. */

import { equal, gather, holds, nextEvent } from './awaiting.js';
import {
  codeOfEnd,
  receiving,
  type Scenario,
  type ScenarioContext,
  connected as userConnected,
  subscribed as userSubscribed,
} from './context.js';

async function newsReader(context: ScenarioContext, sub = 'ann') {
  const client = context.newClient({ token: await context.server.token({ sub, channels: ['news'] }) });
  const received = gather(client, 'publication', ({ channel, data }) => `${channel} ${data}`);
  const subscribed = nextEvent(client, 'subscribed');
  client.connect();
  return { client, received, subscribed: await subscribed };
}

/** One that has received a publication, and then lost its connection. */
async function newsReaderCutOff(context: ScenarioContext) {
  const { client, received } = await newsReader(context);
  await context.server.publish('news', 1);
  await received.atLeast(1);
  const lost = nextEvent(client, 'connecting');
  await context.server.cut();
  await lost;
  return { client, received };
}

export const serverSide: Readonly<Record<string, Scenario>> = {
  async 'is subscribed without asking and receives'(context) {
    const { received, subscribed } = await newsReader(context);
    const { channel, recoverable, positioned, wasRecovering } = subscribed;
    equal(
      { channel, recoverable, positioned, wasRecovering },
      { channel: 'news', recoverable: true, positioned: true, wasRecovering: false },
    );
    await context.server.publish('news', 1);
    equal(await received.atLeast(1), ['news 1']);
  },

  async 'cannot have that channel by asking (103)'(context) {
    const client = await userConnected(context, 'ann');
    equal(await codeOfEnd(client.newSubscription('news')), 103);
  },

  async 'may ask for one that it is being subscribed to: it has one subscription, its own, and nothing twice'(context) {
    const client = await userConnected(context, 'ann');
    for (const channel of ['slow:crossing', 'stream:crossing']) {
      const { room, received } = receiving(client, channel);
      const ended = gather(room, 'unsubscribed', ({ code }) => code);
      await Promise.all([context.server.subscribe('ann', channel, null), room.ready()]);
      room.unsubscribe();
      ended.items.length = 0;
      await context.server.subscribe('ann', channel, null);
      room.subscribe();
      await room.ready();
      for (const n of [1, 2]) await context.server.publish(channel, n);
      equal(await received.atLeast(2), [1, 2], channel);
      equal(Object.keys((await room.presence()).clients).length, 1, `presence in ${channel}`);
      equal(ended.items, []);
    }
  },

  async 'is told who comes and goes'(context) {
    const { client } = await newsReader(context, 'ann');
    const joined = nextEvent(client, 'join', ({ info }) => info.user === 'bob');
    const left = nextEvent(client, 'leave', ({ info }) => info.user === 'bob');
    const bob = await newsReader(context, 'bob');
    equal((await joined).channel, 'news');
    bob.client.disconnect();
    equal((await left).info.user, 'bob');
  },

  async 'G4: gets what it missed when it reconnects'(context) {
    const { client, received } = await newsReaderCutOff(context);
    for (const n of [2, 3, 4]) await context.server.publish('news', n);
    const back = nextEvent(client, 'subscribed');
    await context.server.restore();
    const { wasRecovering, recovered } = await back;
    equal({ wasRecovering, recovered }, { wasRecovering: true, recovered: true });
    equal(await received.atLeast(4), ['news 1', 'news 2', 'news 3', 'news 4']);
  },

  async 'G4: is told that it cannot, when the history was lost'(context) {
    const { client, received } = await newsReaderCutOff(context);
    await context.server.loseHistory();
    await context.server.publish('news', 2);
    const back = nextEvent(client, 'subscribed');
    await context.server.restore();
    const { wasRecovering, recovered } = await back;
    equal({ wasRecovering, recovered }, { wasRecovering: true, recovered: false });
    await context.server.publish('news', 3);
    equal(await received.atLeast(2), ['news 1', 'news 3']);
  },

  async 'reconnects when the server has lost track of its position (3010), and misses nothing'(context) {
    const { client, received } = await newsReader(context);
    await context.server.publish('news', 1);
    await received.atLeast(1);
    const lost = nextEvent(client, 'connecting');
    await context.server.loseNextDelivery();
    await context.server.publish('news', 2);
    await context.server.publish('news', 3);
    equal(await lost, { code: 3010, reason: 'insufficient state' });
    equal(await received.atLeast(3), ['news 1', 'news 2', 'news 3']);
  },

  async 'is subscribed in the middle of its connection'(context) {
    const client = await userConnected(context, 'ann');
    const received = gather(client, 'publication', ({ channel, data }) => `${channel} ${data}`);
    const told = nextEvent(client, 'subscribed');
    const { epoch } = await context.server.publish('news', 'before');
    await context.server.subscribe('ann', 'news', { welcome: true });
    const { channel, data, streamPosition } = await told;
    equal(
      { channel, data, streamPosition },
      { channel: 'news', data: { welcome: true }, streamPosition: { offset: 1, epoch } },
    );
    await context.server.publish('news', 'after');
    equal(await received.atLeast(1), ['news after']);
  },

  async 'is unsubscribed by the server'(context) {
    const { client } = await newsReader(context);
    const ended = nextEvent(client, 'unsubscribed');
    await context.server.unsubscribe('ann', 'news');
    equal((await ended).channel, 'news');
    holds(client.state === 'connected', 'the connection lives on');
  },

  async 'has channels of its own beside them'(context) {
    const { client, received } = await newsReader(context);
    const room = await userSubscribed(client, 'open:room');
    const own = gather(room, 'publication', ({ data }) => data);
    await room.publish('mine');
    await context.server.publish('news', 'ours');
    equal(await own.atLeast(1), ['mine']);
    equal(await received.atLeast(1), ['news ours']);
  },
};
