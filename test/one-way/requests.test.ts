/** What requests to one-way endpoints are answered with: statuses, headers, and positions that nobody has given out. */

import { fanfare } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { deferred } from '../support/engine/deferred.js';
import { served } from '../support/servers/served.js';
import { readLines, startOneWay } from './app.js';

async function statusOf(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<number> {
  const gone = new AbortController();
  const response = await fetch(url, { method, headers, signal: gone.signal });
  gone.abort();
  return response.status;
}

/** The first lines or blocks of a response, up to the one that says that it is complete. */
async function beginning(url: string, headers: Record<string, string> = {}): Promise<string> {
  let text = '';
  const complete = deferred();
  const add = (line: string) => {
    text += `${line}\n`;
    if (line.includes('"event":"start"')) complete.resolve();
  };
  using reader = await readLines(url, add, headers);
  await Promise.race([complete.promise, reader.ended]);
  return text;
}

const bearer = { Authorization: 'Bearer user-1' };

describe.each(['/sse', '/stream'])('%s', (path) => {
  test('B71, B76, B81–B83: is refused with the status that fits, and no client is left', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    const cases: [string, Record<string, string>, number][] = [
      ['', {}, 400],
      ['?channels=', {}, 400],
      ['?channels=news:a,,news:b', {}, 400],
      [`?channels=news:${'x'.repeat(300)}`, {}, 400],
      ['?channels=news:%00', {}, 400],
      [`?channels=${Array.from({ length: 129 }, (_, n) => `news:${n}`).join(',')}`, {}, 400],
      ['?channels=nowhere', {}, 404],
      ['?channels=__proto__', {}, 404],
      ['?channels=@fanfare:a', {}, 403],
      ['?channels=members:a', {}, 403],
      ['?channels=news:a,members:a', {}, 403],
      ['?channels=members:a&token=user-1', {}, 400],
      ['?channels=members:a', { Authorization: 'Bearer nobody' }, 401],
      ['?channels=members:a', { Authorization: 'Basic dXNlci0x' }, 401],
      ['?channels=members:a&ticket=guess', {}, 401],
      ['?channels=members:a&ticket=guess', bearer, 400],
      ['?channels=news:a', { Origin: 'https://evil.example' }, 403],
      ['?channels=news:a', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ];
    for (const [query, headers, status] of cases)
      expect(await statusOf(`${direct}${path}${query}`, headers), query).toBe(status);
    expect(await statusOf(`${direct}${path}?channels=news:a`, {}, 'POST')).toBe(405);
    expect(await statusOf(`${direct}${path}?channels=members:a`, bearer)).toBe(200);
    await expect.poll(() => app.numClients).toBe(0);
  });

  test('F17, B95: is not stored, packed or held back', async () => {
    await using server = await startOneWay();
    const gone = new AbortController();
    const { headers } = await fetch(`${server.direct}${path}?channels=news:a`, { signal: gone.signal });
    gone.abort();
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('content-type')).toContain(path === '/sse' ? 'text/event-stream' : 'application/x-ndjson');
  });

  test('names with a comma are given one by one', async () => {
    await using server = await startOneWay();
    expect(await statusOf(`${server.direct}${path}?channel=news:a,b&channel=news:c`)).toBe(200);
  });

  test('D9: no room is 503, a user with too many connections 429', async () => {
    await using server = await startOneWay({ maxConnections: 1 });
    const gone = new AbortController();
    await fetch(`${server.direct}${path}?channels=news:a`, { signal: gone.signal });
    expect(await statusOf(`${server.direct}${path}?channels=news:a`)).toBe(503);
    gone.abort();
    await using other = await startOneWay({ maxConnectionsPerUser: 1 });
    const again = new AbortController();
    await fetch(`${other.direct}${path}?channels=members:a`, { signal: again.signal, headers: bearer });
    expect(await statusOf(`${other.direct}${path}?channels=members:a`, bearer)).toBe(429);
    again.abort();
  });
});

describe('a position is nobody’s word but the client’s', () => {
  test('B45–B47: a forged, broken or huge one recovers nothing and is told so', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    const { epoch } = await app.publish('news:a', 'secret of the past');
    for (const id of [
      'garbage',
      `news%3Aa=99.${epoch}`,
      'news%3Aa=1.otherepoch',
      `news%3Aa=-1.${epoch}`,
      `news%3Aa=1e999.${epoch}`,
      `news%3Aa=9007199254740993.${epoch}`,
      `news%3Aa=0.${epoch}&news%3Aa=1.${epoch}`,
      `news%3Aa=0.${'e'.repeat(100)}`,
      '%E0%A4%A=1.e',
      'x'.repeat(8_000),
    ]) {
      const text = await beginning(`${direct}/stream?channels=news:a`, { 'Last-Event-ID': id });
      expect(text, id).toContain('"event":"reset","channel":"news:a"');
      expect(text).not.toContain('secret of the past');
    }
  });

  test('one of another channel is of no use', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    const { epoch } = await app.publish('members:a', 'for members');
    const id = { 'Last-Event-ID': `members%3Aa=0.${epoch}` };
    expect(await statusOf(`${direct}/stream?channels=members:a`, id)).toBe(403);
    expect(await beginning(`${direct}/stream?channels=news:a`, id)).not.toContain('for members');
  });
});

describe('tickets', () => {
  test('are good once, for a while, and for the user that they name', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    const ask = (ticket: string) => statusOf(`${direct}/stream?channels=members:a&ticket=${ticket}`);
    const ticket = app.ticket('ann');
    expect(await ask(ticket)).toBe(200);
    expect(await ask(ticket)).toBe(401);
    expect(await ask(app.ticket('ann', { ttlSec: 0 }))).toBe(401);
    expect(await ask(app.ticket(null))).toBe(403);
  });

  test('G9: a blocked user’s do not let it in', async () => {
    await using server = await startOneWay();
    const { app, direct } = server;
    const ticket = app.ticket('ann');
    app.blockUser('ann');
    expect(await statusOf(`${direct}/stream?channels=members:a&ticket=${ticket}`)).toBe(403);
  });
});

test('without being asked for they are not there', async () => {
  const { url } = await served(fanfare({ anonymous: true, channels: {} }));
  expect(await statusOf(`${url}/sse?channels=a`)).toBe(404);
  expect(await statusOf(`${url}/stream?channels=a`)).toBe(404);
});
