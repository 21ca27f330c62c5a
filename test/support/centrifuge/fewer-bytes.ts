/** Scenarios: what saves bytes is in use where it was agreed on and nowhere else, and no listener notices. */

import type { FilterNode, Subscription } from 'centrifuge';
import { equal, gather, nextEvent } from './awaiting.js';
import { connected, joined, type Scenario, subscribed } from './context.js';

/** Of a kilobyte; two of them differ in one row. */
const board = (n: number) => ({
  title: 'Ünïcödé 😀 板',
  rows: Array.from({ length: 30 }, (_, row) => (row === n ? `${n} 😁` : `Mannschaft ${row}é`)),
});
const boards = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => board(from + n));

/** What has nothing in common with what was before, is short, or is no object. */
const unlike = [null, '', 0, 'x'.repeat(40), { a: '"\\\n\u2028' }, [], board(3), 'y'.repeat(2_000), board(4), false];

/** Of the channel, from the SDK's private field; 0 without one. In protobuf it is an object. */
const numberOf = (room: Subscription) => Number((room as unknown as { readonly _id?: unknown })._id ?? 0);

export const fewerBytes: Readonly<Record<string, Scenario>> = {
  async 'what was agreed on is in use, and nothing else'(context) {
    const { savings, server } = context;
    const { room, received } = await joined(context, 'stream:board');
    for (const one of boards(0, 4)) await server.publish('stream:board', one);
    equal(await received.atLeast(4), boards(0, 4));
    equal(room.deltaStats().numDeltaPayloads, savings.delta ? 3 : 0, 'deltas');
    equal(numberOf(room) !== 0, savings.number, 'whether the channel has a number');
    equal((await server.numDeflated()) > 0, savings.deflate, 'whether frames are compressed');
  },

  async 'messages arrive as they were, whether they resemble each other or not, one by one and at once'(context) {
    const { received } = await joined(context, 'open:room');
    for (const one of unlike) await context.server.publish('open:room', one);
    await Promise.all(unlike.map((one) => context.server.publish('open:room', one)));
    equal(await received.atLeast(unlike.length * 2), [...unlike, ...unlike]);
  },

  async 'a client publishes and another one gets it, who came between two messages'(context) {
    const first = await joined(context, 'stream:board');
    for (const one of boards(0, 2)) await first.room.publish(one);
    await first.received.atLeast(2);
    const late = await joined(context, 'stream:board');
    for (const one of boards(2, 5)) await first.room.publish(one);
    equal(await first.received.atLeast(5), boards(0, 5));
    equal(await late.received.atLeast(3), boards(2, 5), 'what the late one gets');
  },

  async 'G4: what was missed comes whole, and what follows it is understood'(context) {
    const { server, savings } = context;
    const { room, received } = await joined(context, 'stream:board');
    for (const one of boards(0, 2)) await server.publish('stream:board', one);
    await received.atLeast(2);
    const lost = nextEvent(room, 'subscribing');
    await server.cut();
    await lost;
    const back = nextEvent(room, 'subscribed');
    for (const one of boards(2, 6)) await server.publish('stream:board', one);
    await server.restore();
    equal((await back).recovered, true, 'recovered');
    for (const one of boards(6, 9)) await server.publish('stream:board', one);
    equal(await received.atLeast(9), boards(0, 9));
    const { numFullPayloads } = room.deltaStats();
    equal(savings.delta ? numFullPayloads < 7 : true, true, 'deltas go on');
  },

  async 'the history is whole, and so is the value of a cache'(context) {
    const { server } = context;
    const { room } = await joined(context, 'stream:board');
    for (const one of boards(0, 3)) await server.publish('stream:board', one);
    equal(
      (await room.history({ limit: 10 })).publications.map(({ data }) => data),
      boards(0, 3),
    );
    await server.publish('cache:board', board(0));
    const client = await connected(context);
    const cache = client.newSubscription('cache:board');
    const cached = gather(cache, 'publication', ({ data }) => data);
    cache.subscribe();
    await cached.atLeast(1);
    for (const one of boards(1, 3)) await server.publish('cache:board', one);
    equal(await cached.atLeast(3), boards(0, 3));
  },

  async 'who has a filter and who has none share a channel'(context) {
    const tagsFilter: FilterNode = { key: 'kind', cmp: 'eq', val: 'goal' };
    const all = await joined(context, 'tagged:room');
    const goals = await joined(context, 'tagged:room', { tagsFilter });
    for (const [n, one] of boards(0, 6).entries()) {
      await context.server.publish('tagged:room', one, { kind: n % 3 === 0 ? 'goal' : 'card' });
    }
    await context.server.publish('tagged:room', 'last', { kind: 'goal' });
    equal(await all.received.atLeast(7), [...boards(0, 6), 'last']);
    equal(await goals.received.atLeast(3), [board(0), board(3), 'last']);
  },

  async 'two channels of a connection are told apart'(context) {
    const client = await connected(context);
    const rooms = await Promise.all(
      ['stream:a', 'stream:b', 'open:a'].map(async (name) => ({
        name,
        received: gather(await subscribed(client, name), 'publication', ({ data }) => data),
      })),
    );
    for (const n of [0, 1, 2]) {
      await Promise.all(rooms.map(({ name }) => context.server.publish(name, { name, ...board(n) })));
    }
    for (const { name, received } of rooms) {
      equal(
        await received.atLeast(3),
        [0, 1, 2].map((n) => ({ name, ...board(n) })),
        name,
      );
    }
  },
};
