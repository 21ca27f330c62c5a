/** Upgrades that `ws` would accept and Fanfare refuses. */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../../test/support/linear.js';
import type { PagePolicy } from '../foreign-page.js';
import { OriginPolicy } from '../origin-policy.js';
import { findRefusal, refuseUpgrade } from './upgrade.js';

const good = {
  host: 'example.com',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

interface Change {
  readonly method?: string;
  readonly httpVersion?: string;
  /** `undefined` leaves a header out; a list sends it several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

function request({ method = 'GET', httpVersion = '1.1', headers = {} }: Change = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.method = method;
  message.httpVersion = httpVersion;
  for (const [name, value] of Object.entries({ ...good, ...headers })) {
    if (value === undefined) continue;
    const values = typeof value === 'string' ? [value] : [...value];
    for (const one of values) message.rawHeaders.push(name, one);
    message.headers[name] = values.join(', ');
  }
  return message;
}

const policy: PagePolicy = { origins: new OriginPolicy({}), cookiesAuthenticate: false };
const status = (change: Change, given = policy) => findRefusal(request(change), given)?.status;

describe('findRefusal', () => {
  test.each<[string, Change]>([
    ['a plain request', {}],
    ['Upgrade in capitals', { headers: { upgrade: 'WebSocket' } }],
    ['a page of the same host', { headers: { origin: 'https://example.com' } }],
    [
      'the offer of a browser',
      { headers: { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' } },
    ],
    ['an Upgrade with empty elements', { headers: { upgrade: ', websocket ,' } }],
    ['an Upgrade to something unknown as well', { headers: { upgrade: 'foo/1, websocket' } }],
    ['an Upgrade that came twice', { headers: { upgrade: ['websocket', 'websocket'] } }],
    ['a Content-Length of 0', { headers: { 'content-length': '0' } }],
    [
      'a page of the same host, whose port a proxy names',
      { headers: { origin: 'https://example.com', host: 'Example.com:443' } },
    ],
    ['an empty list of subprotocols', { headers: { 'sec-websocket-protocol': '' } }],
    ['empty subprotocols', { headers: { 'sec-websocket-protocol': ',a,, b\t,' } }],
    ['a subprotocol twice', { headers: { 'sec-websocket-protocol': ['a', 'b, a'] } }],
    ['empty extensions', { headers: { 'sec-websocket-extensions': ', x;a="1" ,,' } }],
    ['no extension at all', { headers: { 'sec-websocket-extensions': ',,,' } }],
    ['an unknown extension', { headers: { 'sec-websocket-extensions': 'x-webkit-deflate-frame' } }],
  ])('lets %s pass', (_, change) => expect(status(change)).toBeUndefined());

  test.each<[string, Change, number]>([
    ['B5: no Host', { headers: { host: undefined } }, 400],
    ['B5: an empty Host', { headers: { host: '' } }, 400],
    ['B5: two Hosts', { headers: { host: ['example.com', 'evil.com'] } }, 400],
    ['HTTP/1.0', { httpVersion: '1.0' }, 400],
    ['B8: POST', { method: 'POST' }, 405],
    ['B8: HEAD', { method: 'HEAD' }, 405],
    ['B17: an upgrade to h2c', { headers: { upgrade: 'h2c' } }, 400],
    ['B17: h2c beside websocket', { headers: { upgrade: 'h2c, websocket' } }, 400],
    ['no Upgrade', { headers: { upgrade: undefined } }, 400],
    ['B10: version 12', { headers: { 'sec-websocket-version': '12' } }, 426],
    ['B11: version 8', { headers: { 'sec-websocket-version': '8' } }, 426],
    ['no version', { headers: { 'sec-websocket-version': undefined } }, 426],
    ['two versions', { headers: { 'sec-websocket-version': '13, 8' } }, 426],
    ['B12: a foreign page', { headers: { origin: 'https://evil.com' } }, 403],
    ['B12: the origin null', { headers: { origin: 'null' } }, 403],
    [
      'B16: window bits of 7',
      { headers: { 'sec-websocket-extensions': 'permessage-deflate; server_max_window_bits=7' } },
      400,
    ],
    ['B14: an unclosed quote', { headers: { 'sec-websocket-extensions': 'a; b="c' } }, 400],
    ['B14: an offer without a name', { headers: { 'sec-websocket-extensions': 'a, ;b' } }, 400],
    ['a Host that is none', { headers: { host: 'a b' } }, 400],
    ['a body', { headers: { 'content-length': '5' } }, 400],
    ['a body in chunks', { headers: { 'transfer-encoding': 'chunked' } }, 400],
    ['a subprotocol that is no token', { headers: { 'sec-websocket-protocol': 'a b' } }, 400],
    ['a subprotocol in quotes', { headers: { 'sec-websocket-protocol': 'a, "b"' } }, 400],
    ['B14: offers without end', { headers: { 'sec-websocket-extensions': `${'a, '.repeat(1_000)}a` } }, 400],
  ])('refuses %s', (_, change, expected) => expect(status(change)).toBe(expected));

  test('B14: unclosed quotes are read in linear time', () => {
    expectLinear(1_000, (size) => {
      expect(status({ headers: { 'sec-websocket-extensions': 'a; b="'.repeat(size) } })).toBe(400);
    });
  });

  test('tells what is right: the method and the version', () => {
    expect(findRefusal(request({ method: 'PUT' }), policy)?.headers).toEqual({ Allow: 'GET' });
    expect(findRefusal(request({ headers: { 'sec-websocket-version': '8' } }), policy)?.headers).toEqual({
      'Sec-WebSocket-Version': '13',
    });
  });

  test('B13: cookies without an origin are refused where cookies tell who the client is', () => {
    const strict = { ...policy, cookiesAuthenticate: true };
    expect(status({ headers: { cookie: 'a=1' } }, strict)).toBe(403);
    expect(status({ headers: { cookie: 'a=1', origin: 'https://example.com' } }, strict)).toBeUndefined();
    expect(status({}, strict)).toBeUndefined();
    expect(status({ headers: { cookie: 'a=1' } })).toBeUndefined();
  });
});

describe('refuseUpgrade', () => {
  async function answer(refusal: Parameters<typeof refuseUpgrade>[1]): Promise<{ text: string; socket: PassThrough }> {
    const socket = new PassThrough();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    refuseUpgrade(socket, refusal);
    await closed;
    return { text: Buffer.concat(chunks).toString(), socket };
  }

  test('answers with status, headers and reason, and closes the connection', async () => {
    const { text, socket } = await answer({ status: 503, message: 'später', headers: { 'Retry-After': '1' } });
    const [head = '', body] = text.split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual([
      'HTTP/1.1 503 Service Unavailable',
      'Connection: close',
      'Content-Type: text/plain; charset=utf-8',
      'X-Content-Type-Options: nosniff',
      'Content-Length: 7',
      'Retry-After: 1',
    ]);
    expect(body).toBe('später');
    expect(socket.destroyed).toBe(true);
  });

  test('B19: a peer that is gone already does no harm', async () => {
    const socket = new PassThrough();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    refuseUpgrade(socket, { status: 404, message: 'not found' });
    socket.emit('error', new Error('ECONNRESET'));
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
