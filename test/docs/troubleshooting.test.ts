/**
 * docs/operations/troubleshooting.md: its commands are followed; what it calls by name is there; and what it says that one
 * sees is seen, with a server in that state.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Centrifuge } from 'centrifuge';
import { channel, type FanfareOptions, fanfare, jwt } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { testSecret } from '../cli/fanfare-process.js';
import { handshakeStatus } from '../cli/handshake.js';
import { startFleet, statusOf } from '../cluster/plain-fleet.js';
import { brokerServers } from '../support/brokers/servers.js';
import { apiKey, postTo } from '../support/servers/api-server.js';
import { signed } from '../support/servers/signed.js';
import { readPage, root } from './page.js';
import { followed } from './terminals.js';

const path = 'docs/operations/troubleshooting.md';
const page = readPage(path);

followed('every command of the page does what the page says', path);

test('each check and each line that it cites is one of the sources', () => {
  const sources = readdirSync(`${root}src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');
  const checks = [...page.matchAll(/`check: ([a-z ]+)`/g)].map(([, check = '']) => check);
  expect(new Set(checks).size).toBeGreaterThan(15);
  const isThere = (check: string) =>
    sources.includes(`check: '${check}'`) || sources.includes(`TokenFault('${check.replace(/^token /, '')}'`);
  expect(checks.filter((check) => !isThere(check))).toEqual([]);
  const lines = [...page.matchAll(/the line `([^`]+)`/g)].map(([, line = '']) => line);
  expect(lines.length).toBeGreaterThan(4);
  expect(lines.filter((line) => !sources.includes(line))).toEqual([]);
  const reasons = [...page.matchAll(/reason="([a-z-]+)"/g)].map(([, reason = '']) => reason);
  expect(reasons.filter((reason) => !sources.includes(`'${reason}'`))).toEqual([]);
});

type Line = Readonly<Record<string, unknown>>;

/** A server with metrics, whose lines are kept. */
async function observed(options: FanfareOptions) {
  const lines: Line[] = [];
  const note = (fields: object) => void lines.push(fields as Line);
  const app = fanfare({ ...options, log: { debug: note, info: note, warn: note, error: note } });
  onTestFinished(() => app.close(0));
  const { url } = await app.listen(0, { metrics: true, api: { keys: apiKey } });
  return {
    app,
    url,
    /** Waits for a line with these fields. */
    line: (fields: Line) => expect.poll(() => lines).toContainEqual(expect.objectContaining(fields)),
    /** The sum of all series of the name that have this label. */
    metric: async (name: string, label = '') => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const series = text.split('\n').filter((one) => one.replace(/[{ ].*/, '') === name && one.includes(label));
      return series.length === 0 ? Number.NaN : series.reduce((sum, one) => sum + Number(one.split(' ').at(-1)), 0);
    },
    post: (method: string, body: object) => postTo(`${url}/api/${method}`, body, { 'X-API-Key': apiKey }),
  };
}

/** How it ended, as an official client sees it: the code of its close. */
function ended(url: string, token?: string): Promise<number> {
  const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, {
    websocket: WebSocket,
    ...(token !== undefined && { token }),
  });
  onTestFinished(() => client.disconnect());
  return new Promise((resolve) => {
    client.on('disconnected', ({ code }) => resolve(code));
    client.connect();
  });
}

async function connected(url: string): Promise<Centrifuge> {
  const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: WebSocket });
  onTestFinished(() => client.disconnect());
  client.connect();
  await client.ready(20_000);
  return client;
}

const all = { subscribe: 'anyone', publish: 'anyone' } as const;

describe('connects are refused', () => {
  test('by a limit: 503, a line with the option, and a count', async () => {
    const { url, line, metric } = await observed({ anonymous: true, limits: { maxConnections: 1 } });
    await connected(url);
    expect(await handshakeStatus(url, {})).toBe(503);
    await line({ check: 'limit', option: 'limits.maxConnections' });
    expect(await metric('fanfare_connects_refused_total', 'reason="connections"')).toBe(1);
  });

  test('by origin: 403', async () => {
    const { url, line } = await observed({ anonymous: true });
    expect(await handshakeStatus(url, { Origin: 'https://elsewhere.example' })).toBe(403);
    await line({ check: 'origin' });
  });

  test('by a path: 404', async () => {
    const { url, line } = await observed({ anonymous: true });
    expect((await fetch(`${url}/connection/websockt`)).status).toBe(404);
    await line({ check: 'path', meant: '/connection/websocket' });
  });

  test.each([
    [3500, 'token', { auth: jwt({ secret: testSecret }) }],
    [3507, 'auth', {}],
  ])('without a token: %i and check %s', async (code, check, options) => {
    const { url, line, metric } = await observed(options);
    expect(await ended(url)).toBe(code);
    await line({ check });
    expect(await metric('fanfare_disconnects_total', `code="${code}"`)).toBe(1);
  });

  test('by a token of another secret: 3500, and what was wrong', async () => {
    const { url, line } = await observed({ auth: jwt({ secret: testSecret }) });
    expect(await ended(url, await signed(`other${testSecret}`, { sub: '1' }))).toBe(3500);
    await line({ check: 'token signature', code: 3500 });
  });
});

describe('subscribing or publishing is refused', () => {
  test('by rule, name, size and ability, each with its check', async () => {
    const { url, line, metric } = await observed({
      anonymous: true,
      channels: { 'closed:{x}': channel({}), 'open:{x}': channel({ ...all, maxMessageBytes: 4 }) },
    });
    const client = await connected(url);
    for (const [call, code, fields] of [
      [() => client.publish('nowhere:a', 1), 102, { check: 'channel' }],
      [() => client.publish('closed:a', 1), 103, { check: 'permission', rule: 'closed:{x}', permission: 'nobody' }],
      [() => client.publish('open:a', 'too long'), 107, { check: 'message', why: 'ERR_MESSAGE_TOO_LARGE' }],
      [() => client.presence('open:a'), 108, { check: 'ability' }],
    ] as const) {
      await expect(call()).rejects.toMatchObject({ code });
      await line(fields);
      expect(await metric('fanfare_errors_total', `code="${code}"`)).toBe(1);
    }
  });

  test('by a rate: 111 and a count', async () => {
    const { url, metric } = await observed({
      anonymous: true,
      channels: { 'open:{x}': channel(all) },
      limits: { publicationsPerSec: 1 },
    });
    const client = await connected(url);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => client.publish('open:a', 1)));
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 0));
    expect(codes).toContain(111);
    expect(await metric('fanfare_rate_limited_total', 'limit="publicationsPerSec"')).toBeGreaterThan(0);
  });

  test('by a function that throws: 100', async () => {
    const { url, line } = await observed({
      anonymous: true,
      channels: {
        'open:{x}': channel({
          subscribe: () => {
            throw new TypeError('a bug');
          },
        }),
      },
    });
    const client = await connected(url);
    const failed = client.newSubscription('open:a');
    const error = new Promise((resolve) => failed.on('error', ({ error: { code } }) => resolve(code)));
    failed.subscribe();
    expect(await error).toBe(100);
    await line({ check: 'command' });
  });
});

describe('recovery fails', () => {
  test('after more than the history keeps, and it is counted', async () => {
    const { url, post, metric } = await observed({
      anonymous: true,
      channels: { 'chat:{room}': channel({ ...all, history: { size: 2 } }) },
    });
    const client = await connected(url);
    const { body } = await post('publish', { channel: 'chat:a', data: 0 });
    const since = { offset: body.result.offset, epoch: body.result.epoch };
    for (let n = 1; n <= 5; n++) await post('publish', { channel: 'chat:a', data: n });
    const subscription = client.newSubscription('chat:a', { since });
    const recovered = new Promise((resolve) => subscription.on('subscribed', (context) => resolve(context.recovered)));
    subscription.subscribe();
    expect(await recovered).toBe(false);
    expect(await metric('fanfare_recoveries_failed_total')).toBe(1);
  });
});

describe('idempotency', () => {
  test('the same key gives the position of the first', async () => {
    const { post } = await observed({ channels: { 'chat:{room}': channel({ history: { size: 2 } }) } });
    const publish = (data: number) => post('publish', { channel: 'chat:a', data, idempotency_key: 'one' });
    const [first, second] = [await publish(1), await publish(2)];
    expect(second.body.result).toEqual(first.body.result);
  });
});

describe('a node is not ready', () => {
  const { redis } = brokerServers;
  test.skipIf(redis.isMissing())('when the broker is gone: 503, the metric, and a line with the reason', async () => {
    await using server = await redis.start();
    await using fleet = await startFleet([server.url], { metrics: true });
    const [url = ''] = fleet.urls;
    const [node] = fleet.nodes;
    expect(await statusOf(url, 'ready')).toBe(200);
    await server[Symbol.asyncDispose]();
    await expect.poll(() => statusOf(url, 'ready')).toBe(503);
    expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'broker unreachable' });
    await node?.seen('stderr', /not ready: the broker does not do its work/);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('fanfare_broker_delivering 0');
  });
});
