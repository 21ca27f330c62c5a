/** B74: a session that is addressed in requests is its client's alone, whoever has learnt what others can see of it. */

import { channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { disconnectCodes } from '../../src/model/codes.js';
import { askPolling, openPolling, pollingPath } from '../support/clients/polling-peer.js';
import {
  answerTo,
  httpStreamReading,
  openStream,
  post,
  protobufStreamReading,
  protobufWriting,
  type SessionPeer,
  sseReading,
} from '../support/clients/stream-peer.js';
import { protobufSdk } from '../support/documents/protobuf-sdk.js';
import { served } from '../support/servers/served.js';

const page = 'https://app.example';

/** A server whose users are who their cookies say. */
function start() {
  const app = fanfare({
    auth: ({ headers, token }) => ({ user: headers.get('cookie')?.replace('user=', '') ?? token ?? null }),
    origins: [page, 'https://other.example'],
    transports: { sse: true },
    log: silentLogger,
    channels: {
      'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', presence: true, history: { size: 5 } }),
    },
  });
  return served(app);
}

const connect = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}';
const publish = '{"id":3,"publish":{"channel":"room:a","data":"stolen"}}';

type Headers = Readonly<Record<string, string>>;

/** How a client opens its session, and where it sends its frames. */
interface Dialect {
  readonly name: string;
  readonly open: (url: string, firstFrame: string, headers: Headers) => Promise<SessionPeer>;
  readonly path: string;
  readonly frame: object;
  /** How a request is written. Default: as JSON. */
  readonly write?: (request: object) => Uint8Array;
}

const dialects: readonly Dialect[] = [
  {
    name: 'http_stream',
    open: (url, firstFrame, headers) => openStream(url, httpStreamReading, firstFrame, headers),
    path: '/emulation',
    frame: { data: publish },
  },
  {
    name: 'sse',
    open: (url, firstFrame, headers) => openStream(url, sseReading, firstFrame, headers),
    path: '/emulation',
    frame: { data: publish },
  },
  {
    name: 'http_stream in protobuf',
    open: (url, firstFrame, headers) => openStream(url, protobufStreamReading, firstFrame, headers),
    path: '/emulation',
    frame: { data: protobufWriting.frame(publish) },
    write: (request) => protobufSdk.encodeEmulationRequest({ ...request }),
  },
  { name: 'long_polling', open: openPolling, path: pollingPath, frame: { id: 1, data: publish } },
];

describe.each(dialects)('$name', ({ open, path, frame, write }) => {
  async function opened(headers: Headers) {
    const { app, url } = await start();
    const peer = await open(url, connect, headers);
    onTestFinished(() => peer.destroy());
    await answerTo(peer, 2);
    return { app, url, peer };
  }

  /** The status of a request that carries a publication. */
  async function emulate(url: string, body: object, headers: Headers = {}) {
    const request = { ...frame, ...body };
    const sent = write === undefined ? JSON.stringify(request) : write(request);
    const typed = { ...headers, ...(write !== undefined && { 'Content-Type': protobufWriting.type }) };
    const response = await post(`${url}${path}`, sent, typed);
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
    for (const guess of [member?.client, 'A'.repeat(24), session.slice(1), `${session} `])
      expect(await emulate(url, { node, session: guess })).toBe(404);
    // In protobuf an empty text is none, and without a session it is no such request.
    expect(await emulate(url, { node, session: '' })).toBe(write === undefined ? 404 : 400);
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

  test('a session ends with its connection', async () => {
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

test.each<[string, object]>([
  ['poll', { ack: 1 }],
  ['close', { close: true }],
])('long_polling: whoever has stolen a session can neither read nor end it: %s', async (_, asked) => {
  const { app, url } = await start();
  const own = { Origin: page, Cookie: 'user=ann' };
  const opened = await askPolling(url, { data: connect }, own);
  const { session, node } = opened.trailer ?? {};
  await app.publish('room:a', 'for ann');
  const stolen = await askPolling(url, { session, node, ...asked }, { Origin: page, Cookie: 'user=eve' });
  expect(stolen.status).toBe(401);
  expect(stolen.data).not.toContain('for ann');
  // Its client gets what there was, and the advice to come back.
  const last = await askPolling(url, { session, node, ack: opened.trailer?.seq }, own);
  expect(last.data).toContain('for ann');
  expect(last.data).toContain(`"code":${disconnectCodes.forceReconnect.code}`);
});
