/** Limits on connections and commands: each with its code for the client and its metric for the operator. */

import { channel } from 'fanfare';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../../src/server/options.js';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { exchange, upgradeRequest } from '../support/clients/raw-http.js';
import { sign, TestApplication } from './application.js';

const start = (limits: Limits, trustProxies: readonly string[] = []) =>
  TestApplication.start(
    { 'room:{id}': channel({ subscribe: 'anyone', publish: 'anyone', maxMessageBytes: 100 }) },
    { limits, trustProxies },
  );

/** The status of an upgrade that is refused, and when to come again. */
async function refusedUpgrade({ port }: TestApplication, headers: Record<string, string> = {}) {
  const { responses } = await exchange(port, upgradeRequest(port, headers));
  return { status: responses[0]?.status, retryAfter: Number(responses[0]?.headers.get('retry-after')) };
}

async function connect(server: TestApplication, user: string, headers: Record<string, string> = {}) {
  return RawClient.connect(server.port, { token: await sign({ sub: user }), headers });
}

/** How many of so many commands were answered with each code; 0 is none. */
async function answers(client: RawClient, count: number, method: string, fields: (n: number) => object) {
  const replies = await Promise.all(Array.from({ length: count }, (_, n) => client.command(method, fields(n))));
  const counts: Record<string, number> = {};
  for (const reply of replies) {
    const code = String(errorCode(reply) ?? 0);
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

describe('connections', () => {
  test('of the node: 503 with Retry-After beyond, until one has gone', async () => {
    await using server = await start({ maxConnections: 3 });
    const clients = [await connect(server, 'a'), await connect(server, 'b'), await connect(server, 'c')];
    expect(await refusedUpgrade(server)).toEqual({ status: 503, retryAfter: 10 });
    expect(await server.metric('fanfare_connects_refused_total{reason="connections"}')).toBe(1);
    await clients[0]?.close();
    await (await connect(server, 'd')).close();
    for (const client of clients) await client.close();
  });

  test('of one address: 503, and those of others are let in', async () => {
    await using server = await start({ maxConnectionsPerAddress: 2 }, ['127.0.0.1']);
    const from = (address: string) => ({ 'X-Forwarded-For': address });
    const clients = [
      await connect(server, 'a', from('192.0.2.1')),
      await connect(server, 'b', from('192.0.2.1')),
      await connect(server, 'c', from('192.0.2.2')),
    ];
    expect(await refusedUpgrade(server, from('192.0.2.1'))).toEqual({ status: 503, retryAfter: 10 });
    expect(await server.metric('fanfare_connects_refused_total{reason="connections-per-address"}')).toBe(1);
    await clients[1]?.close();
    clients.push(await connect(server, 'd', from('192.0.2.1')));
    for (const client of clients) await client.close();
  });

  test('of one user: 106, temporary, so that it comes back when there is room; other users are let in', async () => {
    await using server = await start({ maxConnectionsPerUser: 2 });
    await server.connected({ sub: 'ann' });
    const second = await server.connected({ sub: 'ann' });
    const third = server.client({ token: await sign({ sub: 'ann' }) });
    const refused = nextEvent(third, 'error');
    third.connect();
    expect((await refused).error).toMatchObject({ code: 106, temporary: true });
    expect(await server.attempt({ sub: 'bob' })).toBeUndefined();
    expect(await server.metric('fanfare_errors_total{code="106",rule=""}')).toBeGreaterThan(0);
    const back = nextEvent(third, 'connected');
    second.disconnect();
    await back;
  });

  test('F10 a second: 503 with Retry-After beyond the burst', async () => {
    await using server = await start({ connectsPerSec: 1, connectBurst: 5 });
    const all = await Promise.allSettled(Array.from({ length: 12 }, () => RawClient.open(server.port)));
    const open = all.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    // A second or two may have passed.
    expect(open.length).toBeGreaterThanOrEqual(5);
    expect(open.length).toBeLessThanOrEqual(8);
    expect(await refusedUpgrade(server)).toEqual({ status: 503, retryAfter: 1 });
    const refused = await server.metric('fanfare_connects_refused_total{reason="connects-per-second"}');
    expect(refused).toBe(12 - open.length + 1);
    for (const client of open) client.ws.reset();
  });
});

describe('commands of one connection', () => {
  test('B49 a second: 111 beyond the burst, 3013 for a flood', async () => {
    await using server = await start({ commandsPerSec: 1, commandBurst: 20 });
    const client = await connect(server, 'ann');
    const counts = await answers(client, 35, 'ping', () => ({}));
    expect(counts['111']).toBeGreaterThanOrEqual(10);
    expect((counts['0'] ?? 0) + (counts['111'] ?? 0)).toBe(35);
    expect(await server.metric('fanfare_rate_limited_total{limit="commandsPerSec"}')).toBe(counts['111']);
    expect(await server.metric('fanfare_errors_total{code="111",rule=""}')).toBe(counts['111']);
    answers(client, 50, 'ping', () => ({})).catch(() => undefined);
    expect((await client.ws.closed).code).toBe(3013);
    expect(await server.metric('fanfare_disconnects_total{code="3013"}')).toBe(1);
  });

  test('publications a second: 111, and other commands go on', async () => {
    await using server = await start({ publicationsPerSec: 1 });
    const client = await connect(server, 'ann');
    const counts = await answers(client, 20, 'publish', (n) => ({ channel: 'room:1', data: n }));
    expect(counts['111']).toBeGreaterThanOrEqual(13);
    expect(await server.metric('fanfare_rate_limited_total{limit="publicationsPerSec"}')).toBe(counts['111']);
    expect(await answers(client, 20, 'ping', () => ({}))).toEqual({ 0: 20 });
    await client.close();
  });

  test('subscribes a second: 111, after as many as a client may have at once', async () => {
    await using server = await start({ subscribesPerSec: 1, maxChannelsPerConnection: 10 });
    const client = await connect(server, 'ann');
    const counts = await answers(client, 30, 'subscribe', (n) => ({ channel: `room:${n}` }));
    // 15 get as far as the limit of channels.
    expect(counts).toMatchObject({ 0: 10 });
    expect(counts['106']).toBeGreaterThanOrEqual(5);
    expect(counts['111']).toBeGreaterThanOrEqual(12);
    expect(await server.metric('fanfare_rate_limited_total{limit="subscribesPerSec"}')).toBe(counts['111']);
    expect(await server.metric('fanfare_errors_total{code="106",rule="room:{id}"}')).toBe(counts['106']);
    await client.close();
  });
});

describe('commands of one user over all connections', () => {
  test.each([
    ['commandsPerSecPerUser', 'ping', () => ({})],
    ['publicationsPerSecPerUser', 'publish', (n: number) => ({ channel: 'room:1', data: n })],
    ['subscribesPerSecPerUser', 'subscribe', (n: number) => ({ channel: `room:${n}` })],
  ] as const)('%s: 111, and no connection is closed for it', async (limit, method, fields) => {
    await using server = await start({ [limit]: 1 });
    const [one, two, bob] = [await connect(server, 'ann'), await connect(server, 'ann'), await connect(server, 'bob')];
    const both = await Promise.all([answers(one, 10, method, fields), answers(two, 10, method, fields)]);
    const refused = both.reduce((sum, counts) => sum + (counts['111'] ?? 0), 0);
    expect(refused).toBeGreaterThanOrEqual(12);
    expect(refused).toBeLessThanOrEqual(15);
    expect(await server.metric(`fanfare_rate_limited_total{limit="${limit}"}`)).toBe(refused);
    expect(await answers(bob, 5, method, fields)).toEqual({ 0: 5 });
    for (const client of [one, two, bob]) await client.close();
  });
});

test('a message that is too large: 107', async () => {
  await using server = await start({});
  const client = await connect(server, 'ann');
  const publish = async (length: number) =>
    errorCode(await client.command('publish', { channel: 'room:1', data: 'x'.repeat(length) }));
  expect([await publish(98), await publish(99)]).toEqual([undefined, 107]);
  expect(await server.metric('fanfare_errors_total{code="107",rule="room:{id}"}')).toBe(1);
  await client.close();
});
