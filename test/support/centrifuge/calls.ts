/** Scenarios: history, procedures, messages outside channels, batches, and what the server declines to do. */

import { codeOfRefusal, equal, gather, nextEvent } from './awaiting.js';
import { connected, type Scenario, type ScenarioContext, subscribed } from './context.js';

async function filled(context: ScenarioContext) {
  const room = await subscribed(await connected(context), 'stream:room');
  let position = { offset: 0, epoch: '' };
  for (let n = 1; n <= 5; n++) position = await context.server.publish('stream:room', n);
  return { room, ...position };
}

type Subscribed = Awaited<ReturnType<typeof filled>>['room'];

async function numbers(room: Subscribed, options: Parameters<Subscribed['history']>[0]): Promise<unknown[]> {
  return (await room.history(options)).publications.map(({ data }) => data);
}

export const calls: Readonly<Record<string, Scenario>> = {
  async 'history: the position alone'(context) {
    const { room, epoch } = await filled(context);
    equal(await room.history({ limit: 0 }), { publications: [], offset: 5, epoch });
  },

  async 'history: the first ones, the last ones, all'(context) {
    const { room } = await filled(context);
    equal(await numbers(room, { limit: 2 }), [1, 2]);
    equal(await numbers(room, { limit: 2, reverse: true }), [5, 4]);
    equal(await numbers(room, { limit: -1 }), [1, 2, 3, 4, 5]);
    equal(await numbers(room, { limit: 1_000_000_000 }), [1, 2, 3, 4, 5]);
  },

  async 'history: page by page from a position, both ways'(context) {
    const { room, epoch } = await filled(context);
    equal(await numbers(room, { since: { offset: 2, epoch }, limit: 2 }), [3, 4]);
    equal(await numbers(room, { since: { offset: 4, epoch }, limit: 2 }), [5]);
    equal(await numbers(room, { since: { offset: 5, epoch }, limit: 2 }), []);
    equal(await numbers(room, { since: { offset: 4, epoch }, limit: 2, reverse: true }), [3, 2]);
    equal(await numbers(room, { since: { offset: 1, epoch }, limit: 2, reverse: true }), []);
  },

  async 'history: refused for a position that is gone (112), a channel without one (108), an outsider (103)'(context) {
    const { room } = await filled(context);
    equal(await codeOfRefusal(room.history({ since: { offset: 1, epoch: 'other' }, limit: 1 })), 112);
    const client = await connected(context);
    equal(await codeOfRefusal((await subscribed(client, 'open:room')).history({ limit: 1 })), 108);
    equal(await codeOfRefusal(client.history('stream:room', { limit: 1 })), 103);
    equal(await codeOfRefusal(client.history('nowhere', { limit: 1 })), 102);
  },

  async 'history: an empty stream has a position'(context) {
    const { offset, epoch, publications } = await (await subscribed(await connected(context), 'stream:new')).history({
      limit: 10,
    });
    equal([offset, typeof epoch, publications], [0, 'string', []]);
  },

  async 'rpc: calls a procedure and gets its result'(context) {
    const client = await connected(context);
    equal((await client.rpc('add', { a: 1, b: 2 })).data, 3);
    equal((await client.rpc('nothing', {})).data, undefined);
  },

  async 'rpc: refused with 104 unknown, 107 bad input, 103 not for anonymous, 100 thrown'(context) {
    const client = await connected(context);
    equal(await codeOfRefusal(client.rpc('unknown', {})), 104);
    equal(await codeOfRefusal(client.rpc('toString', {})), 104);
    equal(await codeOfRefusal(client.rpc('add', { a: 'one', b: 2 })), 107);
    equal(await codeOfRefusal(client.rpc('whoami', {})), 103);
    equal(await codeOfRefusal(client.rpc('fail', {})), 100);
    equal((await client.rpc('add', { a: 2, b: 2 })).data, 4, 'a call afterwards');
  },

  async 'messages outside channels go both ways'(context) {
    const client = await connected(context, 'ann');
    const others = gather(await connected(context, 'bob'), 'message', ({ data }) => data);
    const received = gather(client, 'message', ({ data }) => data);
    await client.send({ n: 1 });
    await client.send('two');
    equal(await context.server.messages(2), [{ n: 1 }, 'two']);
    await context.server.send('ann', { n: 3 });
    equal(await received.atLeast(1), [{ n: 3 }]);
    equal(others.items, [], 'messages to another user');
  },

  async 'a batch of commands is answered in full'(context) {
    const client = await connected(context, 'ann');
    client.startBatching();
    const answers = Array.from({ length: 100 }, (_, n) => client.rpc('add', { a: n, b: 1 }));
    client.stopBatching();
    equal(
      (await Promise.all(answers)).map(({ data }) => data),
      Array.from({ length: 100 }, (_, n) => n + 1),
    );
  },

  async 'a batch that subscribes, publishes and reads back is done in its order'(context) {
    const client = await connected(context);
    for (const channel of ['stream:batch', 'slow:batch']) {
      client.startBatching();
      const room = client.newSubscription(channel);
      const received = gather(room, 'publication', ({ data }) => data);
      room.subscribe();
      // Where commands go in requests of their own, the SDK asks for the subscription some promises later.
      await new Promise((resolve) => setTimeout(resolve));
      const published = [1, 2, 3].map((n) => client.publish(channel, n));
      const history = client.history(channel, { limit: 10 });
      const presence = client.presence(channel);
      client.stopBatching();
      await Promise.all(published);
      equal(
        (await history).publications.map(({ data }) => data),
        [1, 2, 3],
        `history of ${channel}`,
      );
      equal(Object.keys((await presence).clients).length, 1, `presence in ${channel}`);
      equal(await received.atLeast(3), [1, 2, 3], `publications in ${channel}`);
    }
  },

  async 'what is sent before the reply to subscribe waits for it'(context) {
    const client = context.newClient();
    const room = client.newSubscription('slow:room');
    room.subscribe();
    client.connect();
    await client.ready(5_000);
    const received = gather(room, 'publication', ({ data }) => data);
    await client.publish('slow:room', 1);
    equal(room.state, 'subscribed');
    equal(await received.atLeast(1), [1]);
  },

  async 'delta is declined and full publications come'(context) {
    const room = await subscribed(await connected(context), 'stream:room', { delta: 'fossil' });
    const received = gather(room, 'publication', ({ data }) => data);
    await room.publish({ text: 'a' });
    await room.publish({ text: 'ab' });
    equal(await received.atLeast(2), [{ text: 'a' }, { text: 'ab' }]);
    equal(room.deltaStats().numDeltaPayloads, 0, 'deltas');
  },

  async 'a filter by tags is refused (108)'(context) {
    const room = (await connected(context)).newSubscription('stream:room', {
      tagsFilter: { key: 'lang', cmp: 'eq', val: 'en' },
    });
    const ended = nextEvent(room, 'unsubscribed');
    room.subscribe();
    equal((await ended).code, 108);
  },

  async 'maps and shared polls are refused (108)'(context) {
    const client = await connected(context);
    const map = client.newMapSubscription('stream:map');
    const poll = client.newSharedPollSubscription('stream:poll', {
      getSignature: async () => ({ signature: '', keys: [] }),
    });
    const ended = [nextEvent(map, 'unsubscribed'), nextEvent(poll, 'unsubscribed')];
    map.subscribe();
    poll.subscribe();
    equal(
      (await Promise.all(ended)).map(({ code }) => code),
      [108, 108],
    );
  },
};
