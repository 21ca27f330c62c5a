/** Scenarios: subscriptions, publications, and who else is there. */

import { codeOfRefusal, equal, gather, nextEvent } from './awaiting.js';
import { codeOfEnd, connected, joined, ready, type Scenario, subscribed } from './context.js';

export const subscribing: Readonly<Record<string, Scenario>> = {
  async 'subscribes, publishes and receives'(context) {
    const token = await context.server.token({ sub: 'ann', info: { name: 'Ann' } });
    const ann = await ready(context.newClient({ token }));
    const bob = await connected(context, 'bob');
    const anns = await subscribed(ann, 'stream:room');
    const bobs = await subscribed(bob, 'stream:room');
    const received = gather(bobs, 'publication', (publication) => publication);
    const own = gather(anns, 'publication', ({ data }) => data);
    await anns.publish({ n: 1 });
    await context.server.publish('stream:room', { n: 2 }, { lang: 'en' });
    await anns.publish({ n: 3 });
    const [first, second, third] = await received.atLeast(3);
    equal([first?.data, second?.data, third?.data], [{ n: 1 }, { n: 2 }, { n: 3 }]);
    equal([first?.offset, second?.offset, third?.offset], [1, 2, 3], 'offsets');
    equal([first?.info?.user, first?.info?.connInfo], ['ann', { name: 'Ann' }], 'publisher');
    equal([second?.info, second?.tags], [undefined, { lang: 'en' }], 'publication of the server');
    equal(await own.atLeast(3), [{ n: 1 }, { n: 2 }, { n: 3 }], 'what the publisher sees itself');
  },

  async 'what a client publishes at once arrives in order'(context) {
    const { room, received } = await joined(context, 'open:room');
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(numbers.map((n) => room.publish(n)));
    equal(await received.atLeast(50), numbers);
  },

  async 'any JSON goes through unchanged'(context) {
    const { room, received } = await joined(context, 'open:room');
    const values = [null, 0, '', 'a\nb\u2028c "é" 🎺', [[], {}], { 'k"ey': { __proto_: 1 } }, false, 1e-7];
    for (const value of values) await room.publish(value);
    equal(await received.atLeast(values.length), values);
  },

  async 'publishing is denied where it is not allowed (103)'(context) {
    const client = await connected(context);
    const room = await subscribed(client, 'readonly:room');
    equal(await codeOfRefusal(room.publish(1)), 103);
    // Only subscribers may publish here, and this client is none.
    equal(await codeOfRefusal(client.publish('open:room', 1)), 103);
  },

  async 'a message that does not match its schema is refused (107)'(context) {
    const room = await subscribed(await connected(context), 'typed:room');
    equal(await codeOfRefusal(room.publish({ text: 1 })), 107);
    await room.publish({ text: 'a' });
  },

  async 'an unknown channel ends the subscription (102)'(context) {
    equal(await codeOfEnd((await connected(context)).newSubscription('nowhere')), 102);
  },

  async 'leaving at once what cannot be subscribed to disturbs nothing else'(context) {
    const token = await context.server.token({ sub: 'ann', channels: ['news'] });
    const client = await ready(context.newClient({ token }));
    const other = await subscribed(client, 'stream:room');
    const interruptions = gather(client, 'connecting', ({ code }) => code);
    other.on('subscribing', ({ code }) => interruptions.add(code));
    // No rule, no name, closed, the server's own, and one that the server has subscribed.
    for (const channel of ['nowhere', 'open:a\nb', 'closed:room', '@fanfare:x', 'news']) {
      const room = client.newSubscription(channel);
      room.subscribe();
      room.unsubscribe();
    }
    await client.rpc('nothing', {});
    equal(interruptions.items, []);
    const received = nextEvent(client, 'publication', ({ channel }) => channel === 'news');
    await context.server.publish('news', 'still here');
    equal((await received).data, 'still here');
  },

  async 'a bad channel name ends the subscription (107)'(context) {
    equal(await codeOfEnd((await connected(context)).newSubscription('open:a\nb')), 107);
  },

  async 'a channel that is closed to the client ends the subscription (103)'(context) {
    equal(await codeOfEnd((await connected(context)).newSubscription('closed:room')), 103);
  },

  async 'leaves and comes back'(context) {
    const { room, received } = await joined(context, 'stream:room');
    room.unsubscribe();
    await context.server.publish('stream:room', 'away');
    room.subscribe();
    await room.ready();
    await context.server.publish('stream:room', 'back');
    // The SDK keeps the position of a subscription that was left, and recovers.
    equal(await received.atLeast(2), ['away', 'back']);
  },

  async 'sees who is there, and how many'(context) {
    const ann = await connected(context, 'ann');
    const room = await subscribed(ann, 'open:room');
    await subscribed(await connected(context, 'bob'), 'open:room');
    await subscribed(await connected(context, 'bob'), 'open:room');
    const { clients } = await room.presence();
    const users = Object.values(clients).map(({ user }) => user);
    equal(users.sort(), ['ann', 'bob', 'bob']);
    for (const [client, info] of Object.entries(clients)) equal(client, info.client, 'key of a client');
    const stats = await room.presenceStats();
    equal([stats.numClients, stats.numUsers], [3, 2]);
  },

  async 'presence is refused where it is not kept (108) and to outsiders (103)'(context) {
    const client = await connected(context);
    equal(await codeOfRefusal((await subscribed(client, 'readonly:room')).presence()), 108);
    equal(await codeOfRefusal(client.presence('open:room')), 103);
    equal(await codeOfRefusal(client.presenceStats('open:room')), 103);
  },

  async 'is told who comes and goes'(context) {
    const ann = await connected(context, 'ann');
    const room = ann.newSubscription('open:room', { joinLeave: true });
    const events = gather(room, 'join', ({ info }) => `join ${info.user}`);
    room.on('leave', ({ info }) => events.add(`leave ${info.user}`));
    room.subscribe();
    await room.ready();
    const bobs = await subscribed(await connected(context, 'bob'), 'open:room');
    await events.atLeast(2);
    bobs.unsubscribe();
    const eve = await connected(context, 'eve');
    await events.atLeast(3);
    await subscribed(eve, 'open:room');
    await events.atLeast(4);
    eve.disconnect();
    equal(await events.atLeast(5), ['join ann', 'join bob', 'leave bob', 'join eve', 'leave eve']);
  },

  async 'is not told who comes when it did not ask'(context) {
    const room = await subscribed(await connected(context), 'open:room');
    const events = gather(room, 'join', ({ info }) => info.user);
    const publication = nextEvent(room, 'publication');
    await subscribed(await connected(context, 'bob'), 'open:room');
    await context.server.publish('open:room', 'after the join');
    await publication;
    equal(events.items, [], 'joins');
  },

  async 'is unsubscribed by the server for good (2000)'(context) {
    const client = await connected(context, 'ann');
    const room = await subscribed(client, 'stream:room');
    const ended = nextEvent(room, 'unsubscribed');
    await context.server.unsubscribe('ann', 'stream:room');
    equal(await ended, { channel: 'stream:room', code: 2000, reason: 'server unsubscribe' });
    equal(room.state, 'unsubscribed');
    equal(client.state, 'connected');
  },

  async 'subscribes again by itself when the server has lost track (2500), and misses nothing'(context) {
    const { room, received } = await joined(context, 'stream:room');
    await context.server.publish('stream:room', 1);
    await received.atLeast(1);
    const lost = nextEvent(room, 'subscribing');
    const back = nextEvent(room, 'subscribed');
    await context.server.loseNextDelivery();
    await context.server.publish('stream:room', 2);
    await context.server.publish('stream:room', 3);
    equal(await lost, { channel: 'stream:room', code: 2500, reason: 'insufficient state' });
    equal((await back).recovered, true, 'recovered');
    equal(await received.atLeast(3), [1, 2, 3]);
  },

  async 'has 128 subscriptions at once and not one more (106)'(context) {
    const client = context.newClient();
    const rooms = Array.from({ length: 128 }, (_, n) => client.newSubscription(`open:${n}`));
    // Before it is connected: all of them go with the connect command, in one frame.
    for (const room of rooms) room.subscribe();
    client.connect();
    await Promise.all(rooms.map((room) => room.ready()));
    equal(await codeOfEnd(client.newSubscription('open:more')), 106);
    const last = rooms[127];
    const publication = last && nextEvent(last, 'publication');
    await context.server.publish('open:127', 'still here');
    equal((await publication)?.data, 'still here');
  },
};
