/** B74: a session of the streaming transports is its client's alone, whoever has learnt what others can see of it. */

import { channel, fanfare } from 'fanfare';
import { afterEach, describe, expect, test } from 'vitest';
import { disconnectCodes } from '../../src/model/codes.js';
import { answerTo, httpStreamReading, openStream, post, sseReading } from '../support/stream-peer.js';

const toClose: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

const page = 'https://app.example';

/** A server whose users are who their cookies say. */
async function start() {
  const app = fanfare({
    auth: ({ headers, token }) => ({ user: headers.get('cookie')?.replace('user=', '') ?? token ?? null }),
    origins: [page, 'https://other.example'],
    transports: { sse: true },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', presence: true, history: { size: 5 } }),
    },
  });
  toClose.push(() => app.close(500));
  const { url } = await app.listen(0);
  return { app, url };
}

const connect = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}';
const publish = '{"id":3,"publish":{"channel":"room:a","data":"stolen"}}';

describe.each([httpStreamReading, sseReading])('$path', (reading) => {
  async function opened(headers: Readonly<Record<string, string>>) {
    const { app, url } = await start();
    const peer = await openStream(url, reading, connect, headers);
    toClose.push(() => peer.destroy());
    await answerTo(peer, 2);
    return { app, url, peer };
  }

  /** The status of a request that carries a publication. */
  async function emulate(url: string, body: object, headers: Readonly<Record<string, string>> = {}) {
    const response = await post(`${url}/emulation`, JSON.stringify({ data: publish, ...body }), headers);
    response.resume();
    return response.statusCode;
  }

  async function published(app: Awaited<ReturnType<typeof start>>['app']): Promise<unknown[]> {
    return (await app.history('room:a')).publications.map(({ data }) => data);
  }

  test('its own client may write to it', async () => {
    const { app, url, peer } = await opened({ Origin: page, Cookie: 'user=ann' });
    expect(await emulate(url, peer.address, { Origin: page, Cookie: 'user=ann' })).toBe(204);
    await answerTo(peer, 3);
    expect(await published(app)).toEqual(['stolen']);
  });

  test('a guess, and the id that other clients see, name no session: 404', async () => {
    const { app, url, peer } = await opened({});
    const { node, session } = peer.address;
    const [member] = await app.presence('room:a');
    expect(member?.client).toBeDefined();
    expect(session).not.toBe(member?.client);
    for (const guess of [member?.client, 'A'.repeat(24), '', session.slice(1), `${session} `]) {
      expect(await emulate(url, { node, session: guess })).toBe(404);
    }
    expect(await emulate(url, { node: 'another', session })).toBe(404);
    expect(await published(app)).toEqual([]);
    expect(await emulate(url, peer.address)).toBe(204);
  });

  test.each<[string, Record<string, string>]>([
    ['without the cookies', { Origin: page }],
    ['with the cookies of another', { Origin: page, Cookie: 'user=eve' }],
    ['from another page that may connect', { Origin: 'https://other.example', Cookie: 'user=ann' }],
    ['from no page', { Cookie: 'user=ann' }],
  ])('a stolen session %s is refused, does nothing, and is worth nothing any more', async (_, headers) => {
    const { app, url, peer } = await opened({ Origin: page, Cookie: 'user=ann' });
    const status = await emulate(url, peer.address, headers);
    if (headers.Origin === undefined) {
      // Cookies of no known page do not get as far as the session.
      expect(status).toBe(403);
    } else {
      expect(status).toBe(401);
      // Its client comes back and gets another one.
      expect(await peer.closed).toEqual(disconnectCodes.forceReconnect);
      expect(await emulate(url, peer.address, { Origin: page, Cookie: 'user=ann' })).toBe(404);
    }
    expect(await published(app)).toEqual([]);
  });

  test('a session ends with its stream', async () => {
    const { app, url, peer } = await opened({ Origin: page, Cookie: 'user=ann' });
    const { address } = peer;
    app.disconnect('ann');
    expect(await peer.closed).toEqual(disconnectCodes.forceNoReconnect);
    expect(await emulate(url, address, { Origin: page, Cookie: 'user=ann' })).toBe(404);
  });

  test('a session opened by a GET to the own host, which has no origin, takes the POSTs of its page', async () => {
    const { url, peer } = await opened({ Cookie: 'user=ann', 'Sec-Fetch-Site': 'same-origin' });
    expect(await emulate(url, peer.address, { Origin: page, Cookie: 'user=ann' })).toBe(204);
  });
});
