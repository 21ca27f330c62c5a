/** Scenarios: history, procedures, messages outside channels, batches, and what the server declines to do. */

import { codeOfRefusal, equal, gather } from './awaiting.js';
import { codeOfEnd, connected, joined, receiving, type Scenario, type ScenarioContext, subscribed } from './context.js';

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
    const { room } = await joined(context, 'stream:new');
    const { offset, epoch, publications } = await room.history({ limit: 10 });
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

  async 'messages outside channels keep their order'(context) {
    const client = await connected(context, 'ann');
    await client.send({ n: 1 });
    await client.send('two');
    equal(await context.server.messages(2), [{ n: 1 }, 'two']);
  },

  async 'messages outside channels go both ways'(context) {
    const client = await connected(context, 'ann');
    const others = gather(await connected(context, 'bob'), 'message', ({ data }) => data);
    const received = gather(client, 'message', ({ data }) => data);
    await client.send({ n: 1 });
    equal(await context.server.messages(1), [{ n: 1 }]);
    await context.server.send('ann', { n: 3 });
    equal(await received.atLeast(1), [{ n: 3 }]);
    equal(others.items, [], 'messages to another user');
  },

  async 'a batch of commands is answered in full'(context) {
    const client = await connected(context, 'ann');
    client.startBatching();
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    const answers = numbers.map((n) => client.rpc('add', { a: n, b: 1 }));
    client.stopBatching();
    const sums = (await Promise.all(answers)).map(({ data }) => data);
    equal(
      sums,
      numbers.map((n) => n + 1),
    );
  },

  async 'a batch that subscribes, publishes and reads back is done in its order'(context) {
    const client = await connected(context);
    for (const channel of ['stream:batch', 'slow:batch']) {
      client.startBatching();
      const { received } = receiving(client, channel);
      // Where commands go in requests of their own, the SDK asks for the subscription some promises later.
      await new Promise((resolve) => setTimeout(resolve));
      const published = [1, 2, 3].map((n) => client.publish(channel, n));
      const reads = Promise.all([client.history(channel, { limit: 10 }), client.presence(channel)]);
      client.stopBatching();
      await Promise.all(published);
      const [{ publications }, { clients }] = await reads;
      const history = publications.map(({ data }) => data);
      equal(history, [1, 2, 3], `history of ${channel}`);
      equal(Object.keys(clients).length, 1, `presence in ${channel}`);
      equal(await received.atLeast(3), [1, 2, 3], `publications in ${channel}`);
    }
  },

  async 'what is sent before the reply to subscribe waits for it'(context) {
    const client = context.newClient();
    const room = client.newSubscription('slow:room');
    room.subscribe();
    client.connect();
    await client.ready();
    const received = gather(room, 'publication', ({ data }) => data);
    await client.publish('slow:room', 1);
    equal(room.state, 'subscribed');
    equal(await received.atLeast(1), [1]);
  },

  async 'delta is declined and full publications come'(context) {
    // A rule that has none in any combination.
    const { room, received } = await joined(context, 'typed:room', { delta: 'fossil' });
    const texts = ['a', 'b'].map((end) => ({ text: `${'the same, and long enough '.repeat(4)}${end}` }));
    for (const text of texts) await room.publish(text);
    equal(await received.atLeast(2), texts);
    equal(room.deltaStats().numDeltaPayloads, 0, 'deltas');
  },

  async 'maps and shared polls are refused (108)'(context) {
    const client = await connected(context);
    const getSignature = async () => ({ signature: '', keys: [] });
    const poll = client.newSharedPollSubscription('stream:poll', { getSignature });
    const codes = [codeOfEnd(client.newMapSubscription('stream:map')), codeOfEnd(poll)];
    equal(await Promise.all(codes), [108, 108]);
  },
};
