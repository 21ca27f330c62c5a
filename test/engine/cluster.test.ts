/** Several nodes over a control channel: who is there, what is done everywhere, and what is known when one dies. */

import { beforeEach, describe, expect, test } from 'vitest';
import { ticketPrefix } from '../../src/engine/auth/tickets.js';
import { channel } from '../../src/engine/channels/channel-options.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { channelName } from '../support/engine/channel-name.js';
import { EngineCluster } from '../support/engine/cluster.js';
import type { EngineNode } from '../support/engine/node.js';

let cluster: EngineCluster;
let a: EngineNode;
let b: EngineNode;
let c: EngineNode;

async function start(keepsPresence = true, probe?: () => Promise<void>): Promise<void> {
  cluster = await EngineCluster.start(3, {
    channels: {
      'open:{name}': channel({ subscribe: 'anyone', history: { size: 10 }, presence: true }),
      'token:{name}': channel({ subscribe: 'token' }),
    },
    limits: { pingIntervalMs: 0 },
    keepsPresence,
    ...(probe && { probe }),
  });
  [a, b, c] = cluster.three;
}

const codeOf = (error: { readonly code: string }) => error.code;

/** What becomes of a promise within so much time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const late = (async () => {
    await cluster.clock.advance(ms);
    return 'late' as const;
  })();
  return Promise.race([promise, late]);
}

const numsOf = (summaries: readonly { readonly numClients: number }[] | 'late') =>
  summaries === 'late' ? 'late' : summaries.map(({ numClients }) => numClients).sort();

beforeEach(() => start());

describe('nodes', () => {
  test('know of each other at once, and forget one that is silent for 10 seconds', async () => {
    expect(cluster.nodes.map(({ node }) => node.ports.cluster.size)).toEqual([2, 2, 2]);
    await cluster.clock.advance(60_000);
    expect(cluster.nodes.map(({ node }) => node.ports.cluster.size)).toEqual([2, 2, 2]);
    cluster.kill(c);
    await cluster.clock.advance(9_000);
    expect(a.node.ports.cluster.size).toBe(2);
    await cluster.clock.advance(6_000);
    expect(a.node.ports.cluster.size).toBe(1);
  });

  test('that leave say so', async () => {
    await c.close();
    await cluster.clock.advance(1);
    expect([a.node.ports.cluster.size, b.node.ports.cluster.size]).toEqual([1, 1]);
  });

  test('are not held up by a last word that the broker does not take', async () => {
    cluster.hub.isStuck = true;
    const closed = c.node.close(1_000).then(() => 'closed');
    expect(await within(400, closed)).toBe('late');
    expect(await within(200, closed)).toBe('closed');
  });

  test('find each other though the first words are lost', async () => {
    cluster.hub.fate = () => ({ lost: true });
    const d = await cluster.add();
    await cluster.clock.advance(1);
    expect(d.node.ports.cluster.size).toBe(0);
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(3_000);
    expect([d.node.ports.cluster.size, a.node.ports.cluster.size]).toEqual([3, 3]);
  });

  test('leave no timer behind', async () => {
    await cluster.close();
    await cluster.clock.advance(60_000);
    const before = cluster.hub.numCarried;
    await cluster.clock.advance(60_000);
    expect(cluster.hub.numCarried).toBe(before);
  });
});

describe('info and channels', () => {
  test('are about all nodes', async () => {
    await a.connect({ sub: 'ann', channels: ['open:a'] });
    await b.connect({ sub: 'bob', channels: ['open:a', 'open:b'] });
    await b.connect({ sub: 'bob' });
    expect(numsOf(await within(10, c.operations.info()))).toEqual([0, 1, 2]);
    expect(await within(10, c.operations.channels('open:*'))).toEqual([
      { name: 'open:a', numClients: 2 },
      { name: 'open:b', numClients: 1 },
    ]);
  });

  test('a node that dies in the middle of the question is left out, in time', async () => {
    await a.connect({ sub: 'ann', channels: ['open:a'] });
    await b.connect({ sub: 'bob', channels: ['open:a'] });
    cluster.hub.fate = () => ({ delayMs: 50 });
    const [info, channels] = [a.operations.info(), a.operations.channels('')];
    cluster.kill(c);
    expect(numsOf(await within(2_001, info))).toEqual([1, 1]);
    expect(await channels).toEqual([{ name: 'open:a', numClients: 2 }]);
    // Given up, it holds nothing up.
    await cluster.clock.advance(15_000);
    expect(numsOf(await within(200, a.operations.info()))).toEqual([1, 1]);
  });

  test('a node that leaves in the middle of the question is not waited for', async () => {
    cluster.hub.fate = (_, from) => ({ delayMs: from === c.node.ports.id ? 0 : 50 });
    const info = a.operations.info();
    await c.close();
    expect(numsOf(await within(150, info))).toEqual([0, 0]);
  });

  test('lists longer than a message are put together', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `open:${'é"'.repeat(60)}${n}`);
    for (let n = 0; n < 30; n++) {
      const some = names.map((name) => `${name}-${n}`);
      await b.connect({ sub: `user ${n}`, channels: some });
    }
    const channels = await within(10, a.operations.channels(''));
    expect(channels).toHaveLength(3_000);
  });
});

describe('what is done with clients', () => {
  test('is done on all nodes', async () => {
    const clients = [];
    for (const one of cluster.nodes) clients.push(await one.connect({ sub: 'ann' }));
    const bob = await c.connect({ sub: 'bob' });
    const { operations } = a;
    expect(await within(10, operations.subscribe({ user: 'ann' }, 'open:x', {}))).toBe(3);
    expect(await within(10, operations.subscribe({ user: 'ann' }, 'open:x', {}))).toBe(0);
    await within(10, operations.send({ user: 'ann' }, trustedJsonText('{"n":1}')));
    await within(10, operations.refresh({ user: 'ann' }, {}));
    await within(10, operations.unsubscribe({ user: 'ann' }, 'open:x'));
    for (const client of clients) {
      expect(client.pushes('subscribe')).toHaveLength(1);
      expect(client.pushes('message')).toEqual([{ data: { n: 1 } }]);
      expect(client.pushes('refresh')).toHaveLength(1);
      expect(client.pushes('unsubscribe')).toMatchObject([{ code: 2000 }]);
    }
    await within(10, operations.disconnect({ user: 'ann' }));
    expect(clients.map(({ closeCode }) => closeCode)).toEqual([3503, 3503, 3503]);
    expect([bob.closeCode, bob.pushes('message')]).toEqual([undefined, []]);
  });

  test('G9: is done once though half of the messages are lost', async () => {
    const far = await b.connect({ sub: 'ann' });
    let count = 0;
    cluster.hub.fate = () => ({ lost: count++ % 2 === 0 });
    for (let n = 0; n < 10; n++) {
      const sent = a.operations.send({ user: 'ann' }, trustedJsonText(String(n)));
      expect(await within(5_100, sent)).toBeUndefined();
    }
    expect(far.pushes('message')).toEqual(Array.from({ length: 10 }, (_, data) => ({ data })));
  });

  test('the number of the newly subscribed is that of the living', async () => {
    await b.connect({ sub: 'ann' });
    await c.connect({ sub: 'ann' });
    cluster.kill(c);
    expect(await within(5_001, a.operations.subscribe({ user: 'ann' }, 'open:x', {}))).toBe(1);
  });
});

describe('who is not let in any more', () => {
  test('G9: is let in nowhere, and newcomers know', async () => {
    const [ann, bob] = [await b.connect({ sub: 'ann', jti: 't1' }), await c.connect({ sub: 'bob' })];
    const { operations } = a;
    await within(10, operations.revoke({ kind: 'token', tokenId: 't1' }));
    await within(10, operations.revoke({ kind: 'user', user: 'bob' }));
    expect([ann.closeCode, bob.closeCode]).toEqual([3500, 3503]);
    const d = await cluster.add();
    await cluster.clock.advance(10);
    expect((await d.connect({ sub: 'ann', jti: 't1' })).closeCode).toBe(3500);
    expect((await d.connect({ sub: 'bob' })).closeCode).toBe(3503);
    await within(10, c.operations.unblock('bob'));
    expect((await d.connect({ sub: 'bob' })).closeCode).toBeUndefined();
    expect((await a.connect({ sub: 'bob' })).closeCode).toBeUndefined();
  });

  test('is known after a partition, in both directions, and the later of two opposites counts', async () => {
    const { id } = c.node.ports;
    await within(10, a.operations.revoke({ kind: 'user', user: 'ann' }));
    cluster.hub.fate = (_, from, to) => ({ lost: from === id || to === id });
    await cluster.clock.advance(20_000);
    expect(a.node.ports.cluster.has(id)).toBe(false);
    await within(5_001, a.operations.unblock('ann'));
    await within(5_001, c.operations.revoke({ kind: 'user', user: 'cid' }));
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(3_100);
    for (const one of cluster.nodes) {
      expect((await one.connect({ sub: 'ann' })).closeCode).toBeUndefined();
      expect((await one.connect({ sub: 'cid' })).closeCode).toBe(3503);
    }
  });
});

describe('an order to a node that does not hear it', () => {
  // A node whose way to the broker was a black hole for 5 s got no order of that time: its asker had stopped by then.
  test.each([6_000, 30_000])('G9: is followed when the others are heard again, after %i ms', async (deafMs) => {
    const [ann, bob] = [await c.connect({ sub: 'ann' }), await c.connect({ sub: 'bob' })];
    await bob.command('subscribe', { channel: 'open:a' });
    const { id } = c.node.ports;
    cluster.hub.fate = (_, from, to) => ({ lost: from === id || to === id });
    const { operations } = a;
    const [byUser, byName] = [
      operations.disconnect({ user: 'ann' }),
      operations.unsubscribe({ user: 'bob' }, 'open:a'),
    ];
    expect(await within(5_001, Promise.all([byUser, byName]))).toEqual([undefined, undefined]);
    await cluster.clock.advance(deafMs - 5_001);
    expect(ann.closeCode).toBeUndefined();
    const later = await c.connect({ sub: 'ann' });
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(5_000);
    expect(ann.closeCode).toBe(3503);
    expect(bob.session.isSubscribed(channelName('open:a'))).toBe(false);
    // It was not there when the order was given.
    if (deafMs > 14_000) expect(later.closeCode).toBeUndefined();
  });

  // The others had heard of the new node, and it had not heard of them: nobody asked it for what it had been told alone.
  test('G9: is followed when a node that had not heard of the others hears of them', async () => {
    const ann = await c.connect({ sub: 'ann' });
    const isOfOld = (node: string | undefined) => cluster.three.some((one) => one.node.ports.id === node);
    cluster.hub.fate = (_, from) => ({ lost: isOfOld(from) });
    const d = await cluster.add();
    await cluster.clock.advance(6_000);
    expect([d.node.ports.cluster.size, c.node.ports.cluster.size]).toEqual([0, 3]);
    cluster.hub.fate = () => ({ lost: true });
    const order = d.operations.disconnect({ user: 'ann' });
    expect(await within(10, order)).toBeUndefined();
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(3_100);
    expect(ann.closeCode).toBe(3503);
  });

  test('G9: is followed though the first question for it was lost, and each has heard signs of life of the other', async () => {
    const ann = await c.connect({ sub: 'ann' });
    const { id } = c.node.ports;
    cluster.hub.fate = (_, from, to) => ({ lost: from === id || to === id });
    expect(await within(5_001, a.operations.disconnect({ user: 'ann' }))).toBeUndefined();
    await cluster.clock.advance(20_000);
    cluster.hub.fate = (payload) => ({ lost: !payload.includes('"beat"') });
    await cluster.clock.advance(9_000);
    expect(ann.closeCode).toBeUndefined();
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(8_100);
    expect(ann.closeCode).toBe(3503);
  });

  // Each waited for the next sign of life of the other, up to 3 s, with a client of old still connected.
  test('G9: is followed as soon as either hears the other', async () => {
    const ann = await c.connect({ sub: 'ann' });
    const { id } = c.node.ports;
    cluster.hub.fate = (_, from, to) => ({ lost: from === id || to === id });
    expect(await within(5_001, a.operations.disconnect({ user: 'ann' }))).toBeUndefined();
    await cluster.clock.advance(20_000);
    let heardMs: number | undefined;
    cluster.hub.fate = (_, from) => {
      if (from === id) heardMs ??= cluster.clock.nowMs();
      // Of the others' own signs of life nothing comes through before c has been heard.
      return { lost: heardMs === undefined };
    };
    while (heardMs === undefined) await cluster.clock.advance(100);
    await cluster.clock.advance(200);
    expect(ann.closeCode).toBe(3503);
  });

  // The caller was told that it was done, and then it was lost with the node that had been cut off.
  test('G9: is not acknowledged by a node that is cut off itself', async () => {
    await cluster.close();
    let isUp = true;
    await start(true, () => (isUp ? Promise.resolve() : new Promise<void>(() => undefined)));
    const [own, far] = [await a.connect({ sub: 'ann' }), await b.connect({ sub: 'ann' })];
    await cluster.clock.advance(2_500);
    isUp = false;
    cluster.hub.fate = () => ({ lost: true });
    const { operations } = a;
    const told = [
      operations.disconnect({ user: 'ann' }),
      operations.unsubscribe({ user: 'ann' }, 'open:a'),
      operations.refresh({ user: 'ann' }, {}),
      operations.send({ user: 'ann' }, trustedJsonText('1')),
      operations.revoke({ kind: 'user', user: 'ann' }),
      operations.unblock('ann'),
    ].map((order) => order.then(() => 'done', codeOf));
    expect(own.closeCode).toBe(3503);
    expect(await within(5_001, Promise.all(told))).toEqual(told.map(() => 'ERR_BROKER'));
    expect(far.closeCode).toBeUndefined();
    // It is tried all the same.
    isUp = true;
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(1_100);
    expect(far.closeCode).toBe(3503);
  });

  test('G9: is acknowledged though no other node lives, by a node that the broker serves', async () => {
    await cluster.close();
    await start(true, () => Promise.resolve());
    for (const other of [b, c]) cluster.kill(other);
    expect(await within(5_001, a.operations.disconnect({ user: 'ann' }))).toBeUndefined();
    await cluster.clock.advance(20_000);
    expect(await within(10, a.operations.disconnect({ user: 'ann' }))).toBeUndefined();
  });

  test('G9: is handed over by a node that leaves', async () => {
    const ann = await b.connect({ sub: 'ann' });
    cluster.hub.fate = () => ({ lost: true });
    expect(await within(5_001, a.operations.disconnect({ user: 'ann' }))).toBeUndefined();
    // Between two repetitions.
    await cluster.clock.advance(200);
    expect(ann.closeCode).toBeUndefined();
    cluster.hub.fate = () => ({});
    await a.close();
    await cluster.clock.advance(1);
    expect(ann.closeCode).toBe(3503);
  });

  // It was acknowledged as nobody had been silent for long, and lost with the node.
  test('G9: is not acknowledged by a node that closes before the others have answered', async () => {
    const far = await b.connect({ sub: 'ann' });
    cluster.hub.fate = () => ({ lost: true });
    const told = a.operations.disconnect({ user: 'ann' }).then(() => 'done', codeOf);
    await cluster.clock.advance(500);
    const closed = a.close();
    expect(await within(100, told)).toBe('ERR_CLOSED');
    expect(far.closeCode).toBeUndefined();
    await within(5_000, closed);
  });

  test('G9: is not followed twice', async () => {
    const { id } = c.node.ports;
    const bob = await c.connect({ sub: 'bob' });
    await bob.command('subscribe', { channel: 'open:a' });
    expect(await within(10, a.operations.unsubscribe({ user: 'bob' }, 'open:a'))).toBeUndefined();
    await bob.command('subscribe', { channel: 'open:a' });
    cluster.hub.fate = (_, from, to) => ({ lost: from === id || to === id });
    await cluster.clock.advance(20_000);
    cluster.hub.fate = () => ({});
    await cluster.clock.advance(5_000);
    expect(a.node.ports.cluster.has(id)).toBe(true);
    expect(bob.session.isSubscribed(channelName('open:a'))).toBe(true);
  });
});

describe('a ticket', () => {
  test('is good on any node, once, as long as its node lives', async () => {
    const ticket = a.operations.issueTicket('ann', {});
    const connect = async (one: EngineNode, token: string) => {
      const client = one.open();
      client.send('connect', { token: `${ticketPrefix}${token}` });
      await cluster.clock.advance(10);
      return client;
    };
    expect((await connect(b, ticket)).session.user).toBe('ann');
    expect((await connect(c, ticket)).closeCode).toBe(3500);
    expect((await connect(a, ticket)).closeCode).toBe(3500);
    expect((await connect(a, 'guess')).closeCode).toBe(3500);
    expect((await connect(b, `${a.node.ports.id}.guess`)).closeCode).toBe(3500);
    const orphan = a.operations.issueTicket('ann', {});
    await a.close();
    // Until then a node that is not known may be one that a new node has not heard of yet.
    await cluster.clock.advance(4_000);
    expect((await connect(b, orphan)).closeCode).toBe(3500);
    // It was refused for good by a node that had not heard of the others yet.
    const early = b.operations.issueTicket('ann', {});
    expect((await connect(await cluster.add(), early)).session.user).toBe('ann');
  });
});

describe('presence of a broker that keeps none', () => {
  test('G8: is what the living nodes say', async () => {
    await cluster.close();
    await start(false);
    await a.connect({ sub: 'ann', channels: ['open:a'] });
    const bob = await b.connect({ sub: 'bob', channels: ['open:a'] });
    await c.connect({ sub: 'bob', channels: ['open:a'] });
    const { operations } = a;
    const members = async () => {
      const list = await within(2_001, operations.presence('open:a'));
      return list === 'late' ? list : list.map(({ user }) => user).sort();
    };
    expect(await members()).toEqual(['ann', 'bob', 'bob']);
    expect(await within(10, operations.presenceStats('open:a'))).toEqual({ numClients: 3, numUsers: 2 });
    cluster.kill(c);
    expect(await members()).toEqual(['ann', 'bob']);
    bob.session.connectionClosed();
    expect(await members()).toEqual(['ann']);
  });

  // Nodes that had heard nobody for 10 seconds gave everybody up, though it was they who were deaf: for some seconds after
  // the broker was back, presence had only those of the node that was asked.
  test('G8: ten seconds without the broker make nobody leave; who cannot know says so', async () => {
    await cluster.close();
    let isUp = true;
    const probe = () => (isUp ? Promise.resolve() : new Promise<void>(() => undefined));
    await start(false, probe);
    for (const one of cluster.nodes) await one.connect({ sub: 'ann', channels: ['open:a'] });
    const { operations } = a;
    await cluster.clock.advance(2_500);
    isUp = false;
    cluster.hub.fate = () => ({ lost: true });
    const refusals: Promise<unknown>[] = [];
    for (let second = 0; second < 10; second++) {
      refusals.push(operations.presence('open:a').catch(codeOf));
      refusals.push(operations.presenceStats('open:a').then(({ numClients }) => numClients, codeOf));
      await cluster.clock.advance(1_000);
    }
    isUp = true;
    cluster.hub.fate = () => ({});
    for (let second = 0; second < 20; second++) {
      expect(cluster.nodes.map((one) => one.node.ports.cluster.size)).toEqual([2, 2, 2]);
      const told = operations.presence('open:a');
      await cluster.clock.advance(1_000);
      expect(await told).toHaveLength(3);
    }
    // The last ones may have reached the others in time.
    const answers = await Promise.all(refusals);
    expect(answers.slice(0, 14)).toEqual(answers.slice(0, 14).map(() => 'ERR_BROKER'));
    for (const answer of answers.slice(14))
      if (answer !== 'ERR_BROKER') expect(Array.isArray(answer) ? answer.length : answer).toBe(3);
  });
});

describe('messages of others', () => {
  test('that are no messages, or of a later version, are passed over', async () => {
    const control = cluster.hub.connect();
    await control.start('stranger', () => undefined);
    const bad = ['', '{', '[]', 'null', '{"format":2,"kind":"bye"}', '{"format":1,"kind":"sing"}'];
    const beat = { format: 1, kind: 'beat', node: { id: 'someone else', version: '', numClients: -1 } };
    const part = { format: 1, kind: 'part', id: 'p', index: 3, isLast: true, text: '{}' };
    for (const payload of [...bad, JSON.stringify(beat), JSON.stringify(part)]) await control.send(payload);
    await cluster.clock.advance(1);
    expect(a.node.ports.cluster.size).toBe(2);
    const lost = a.node.ports.cluster.figures.messagesLost;
    expect(lost).toBe(bad.length + 1);
  });

  test('questions that this version does not know are answered with a no, at once', async () => {
    const { cluster: own } = a.node.ports;
    const answer = await within(10, own.ask(b.node.ports.id, 'of tomorrow', {}, { deadlineMs: 5_000 }));
    expect(answer).toEqual({ ok: false, reason: 'unknown' });
    const order = await within(10, own.ask(b.node.ports.id, 'order', { do: 'dance' }, { deadlineMs: 5_000 }));
    expect(order).toEqual({ ok: false, reason: 'refused' });
  });
});
