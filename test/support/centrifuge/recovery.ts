/** Scenarios: what a client gets of the publications that it has missed. */

import { equal, Gathered, gather, nextEvent } from './awaiting.js';
import { connected, joined, receiving, type Scenario, type ScenarioContext } from './context.js';

/** More than the history of `stream:` keeps. */
const historySize = 10;

async function publishAll(context: ScenarioContext, channel: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await context.server.publish(channel, n);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Subscribed with one publication received, then cut off. */
async function cutOff(context: ScenarioContext) {
  const { room, received } = await joined(context, 'stream:room');
  await context.server.publish('stream:room', 1);
  await received.atLeast(1);
  const lost = nextEvent(room, 'subscribing');
  await context.server.cut();
  await lost;
  return { room, received, back: nextEvent(room, 'subscribed') };
}

/** Nothing of what was missed has come, not even a part; what is published from now on does. */
async function isUnrecovered(context: ScenarioContext, cut: Awaited<ReturnType<typeof cutOff>>): Promise<void> {
  await context.server.restore();
  const { wasRecovering, recovered, hasRecoveredPublications } = await cut.back;
  equal({ wasRecovering, recovered, hasRecoveredPublications }, expectedUnrecovered);
  await context.server.publish('stream:room', 'live');
  equal(await cut.received.atLeast(2), [1, 'live']);
}

const expectedUnrecovered = { wasRecovering: true, recovered: false, hasRecoveredPublications: false };

export const recovery: Readonly<Record<string, Scenario>> = {
  async 'G4: gets all it missed, in order and once, when the history still has it'(context) {
    const { room, received, back } = await cutOff(context);
    await publishAll(context, 'stream:room', 2, historySize + 1);
    await context.server.restore();
    const { wasRecovering, recovered, hasRecoveredPublications, streamPosition } = await back;
    equal([wasRecovering, recovered, hasRecoveredPublications], [true, true, true]);
    equal(streamPosition?.offset, 1, 'offset recovered from');
    await context.server.publish('stream:room', historySize + 2);
    equal(await received.atLeast(historySize + 2), range(1, historySize + 2));
    equal(room.state, 'subscribed');
  },

  async 'G4: is recovered when it missed nothing'(context) {
    const { received, back } = await cutOff(context);
    await context.server.restore();
    const { recovered, hasRecoveredPublications } = await back;
    equal({ recovered, hasRecoveredPublications }, { recovered: true, hasRecoveredPublications: false });
    await context.server.publish('stream:room', 2);
    equal(await received.atLeast(2), [1, 2]);
  },

  async 'G4: is told that it cannot, when the history was trimmed by its size'(context) {
    const cut = await cutOff(context);
    await publishAll(context, 'stream:room', 2, historySize + 2);
    await isUnrecovered(context, cut);
  },

  async 'G4: is told that it cannot, when the history has expired'(context) {
    const cut = await cutOff(context);
    await publishAll(context, 'stream:room', 2, 3);
    await context.server.skipBrokerTime(301_000);
    await isUnrecovered(context, cut);
  },

  async 'G5: is told that it cannot, when the history was lost and written anew up to the same offset'(context) {
    const cut = await cutOff(context);
    await context.server.loseHistory();
    await publishAll(context, 'stream:room', 1, 1);
    await isUnrecovered(context, cut);
  },

  async 'recovers on its first subscribe from a position that the application has kept'(context) {
    await publishAll(context, 'stream:room', 1, 4);
    const { epoch } = await context.server.publish('stream:room', 5);
    const { received } = receiving(await connected(context), 'stream:room', { since: { offset: 2, epoch } });
    equal(await received.atLeast(3), [3, 4, 5]);
  },

  async 'recovers from an offset without an epoch'(context) {
    await publishAll(context, 'stream:room', 1, 3);
    const { room, received } = receiving(await connected(context), 'stream:room', { since: { offset: 0 } });
    const back = nextEvent(room, 'subscribed');
    equal((await back).recovered, true);
    equal(await received.atLeast(3), [1, 2, 3]);
  },

  async 'B46: a position above the top or of another epoch is not recovered'(context) {
    const { epoch } = await context.server.publish('stream:room', 1);
    const client = await connected(context);
    for (const since of [
      { offset: 7, epoch },
      { offset: 1, epoch: 'other' },
    ]) {
      const room = client.newSubscription('stream:room', { since });
      const back = nextEvent(room, 'subscribed');
      room.subscribe();
      const { wasRecovering, recovered, hasRecoveredPublications } = await back;
      equal({ wasRecovering, recovered, hasRecoveredPublications }, expectedUnrecovered);
      client.removeSubscription(room);
    }
  },

  async 'loads its state again when its position cannot be recovered and it said so (112)'(context) {
    const client = await connected(context);
    const { epoch } = await context.server.publish('stream:room', 1);
    const states = new Gathered<number>();
    const room = client.newSubscription('stream:room', {
      // The first state is one that the server knows nothing of.
      getState: async () => {
        states.add(states.items.length);
        return states.items.length === 1 ? { offset: 9, epoch } : { offset: 0, epoch };
      },
      minResubscribeDelay: 1,
      maxResubscribeDelay: 10,
    });
    const received = gather(room, 'publication', ({ data }) => data);
    const back = nextEvent(room, 'subscribed');
    room.subscribe();
    equal((await back).recovered, true);
    equal(states.items.length, 2, 'states loaded');
    equal(await received.atLeast(1), [1]);
  },

  async 'a cache gives its last value to whoever subscribes'(context) {
    await publishAll(context, 'cache:room', 1, 3);
    const { room, received } = receiving(await connected(context), 'cache:room');
    equal(await received.atLeast(1), [3]);
    await context.server.publish('cache:room', 4);
    const lost = nextEvent(room, 'subscribing');
    await received.atLeast(2);
    await context.server.cut();
    await lost;
    await publishAll(context, 'cache:room', 5, 7);
    const back = nextEvent(room, 'subscribed');
    await context.server.restore();
    equal((await back).recovered, true);
    equal(await received.atLeast(3), [3, 4, 7]);
  },

  async 'a cache does not repeat the value that the client has'(context) {
    await context.server.publish('cache:room', 1);
    const { room, received } = receiving(await connected(context), 'cache:room');
    await received.atLeast(1);
    const lost = nextEvent(room, 'subscribing');
    await context.server.cut();
    await lost;
    const back = nextEvent(room, 'subscribed');
    await context.server.restore();
    equal((await back).hasRecoveredPublications, false);
    await context.server.publish('cache:room', 2);
    equal(await received.atLeast(2), [1, 2]);
  },
};
