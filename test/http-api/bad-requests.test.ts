/** Bad inputs B85–B89: keys and bodies of the HTTP API, through raw sockets against a running server. */

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { exchange, statusesOf } from '../support/clients/raw-http.js';
import { ApiOracle, apiKeys, codeOf, type RawHeaders, requestHead } from '../support/hardening/api-oracle.js';
import { canary, Oracle } from '../support/hardening/oracle.js';

const [key] = apiKeys;

const api = ApiOracle.ofFile({ api: apiKeys });

const publication = JSON.stringify({ channel: 'plain:x', data: canary });

describe('keys', () => {
  api.attack.each(apiKeys)('each of several keys is accepted (%#), in either header', 0, async (one) => {
    await api.expectStatus(200, '/api/publish', publication, { headers: { 'X-API-Key': one } });
    const headers = { 'X-API-Key': undefined, Authorization: `apikey ${one}` };
    await api.expectStatus(200, '/api/publish', publication, { headers });
  });

  api.attack.each<[string, RawHeaders]>([
    ['no key', {}],
    ['an empty key', { 'X-API-Key': '' }],
    ['a wrong key', { 'X-API-Key': `${key}x` }],
    ['the beginning of a key', { 'X-API-Key': key.slice(0, -1) }],
    ['two keys in one', { 'X-API-Key': apiKeys.join(', ') }],
    ['a key of 10 KB', { 'X-API-Key': canary.repeat(700) }],
    ['another scheme', { Authorization: `Bearer ${key}` }],
    ['no scheme', { Authorization: key }],
    ['a wrong key in Authorization', { Authorization: `apikey ${canary}` }],
    ['a wrong key before a right one', { 'X-API-Key': canary, Authorization: `apikey ${key}` }],
    ['a key in a cookie', { Cookie: `api_key=${key}` }],
  ])('B85 %s → 401', async (_, headers) => {
    const response = await api.expectStatus(401, '/api/publish', publication, {
      headers: { 'X-API-Key': undefined, ...headers },
    });
    expect(codeOf(response)).toBe(101);
    expect(response.headers.get('www-authenticate')).toBe('apikey');
  });

  api.attack.each([
    ['alone', { 'X-API-Key': undefined }],
    ['beside the header', {}],
  ])('B86 key in the query, %s → 401', (_, headers) =>
    api.expectStatus(401, `/api/publish?api_key=${key}`, publication, { headers }),
  );

  api.attack('B85 the body of whoever has no key is not read', async () => {
    const head = requestHead('/api/publish', { 'X-API-Key': undefined, 'Content-Length': '1000000' }, 0);
    const { responses, openMs } = await exchange(api.port, head);
    expect(responses.map(({ status }) => status)).toEqual([401]);
    // Whoever waits for the body does so for ten seconds.
    expect(openMs).toBeLessThan(8_000);
  });
});

describe('bodies', () => {
  api.attack.each([
    ['text/plain', publication],
    ['application/x-www-form-urlencoded', 'channel=plain%3Ax&data=1'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n\r\n--x--'],
    ['application/json; charset=utf-16', publication],
    ['application/jsonp', publication],
    [undefined, publication],
  ])('B87 Content-Type %s → 415', (type, body) =>
    api.expectStatus(415, '/api/publish', body, { headers: { 'Content-Type': type } }),
  );

  api.attack.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'B87 Content-Type %s is accepted',
    0,
    (type) => api.expectStatus(200, '/api/publish', publication, { headers: { 'Content-Type': type } }),
  );

  api.attack.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['half of it', publication.slice(0, -1)],
    ['an array', '[]'],
    ['a text', '"publish"'],
    ['null', 'null'],
    ['two values', `${publication}${publication}`],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['NaN', '{"channel":"plain:x","data":NaN}'],
    ['10⁴ levels', `{"channel":"plain:x","data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['a channel that is an object', '{"channel":{},"data":1}'],
    ['a flag that is a text', '{"channel":"plain:x","data":1,"skip_history":"yes"}'],
    ['tags that are no texts', '{"channel":"plain:x","data":1,"tags":{"a":1}}'],
    ['tags with a lone surrogate', '{"channel":"plain:x","data":1,"tags":{"a":"\\ud800"}}'],
    ['tags of 5 KB', JSON.stringify({ channel: 'plain:x', data: 1, tags: { a: 'x'.repeat(5_000) } })],
    ['b64data that is no base64', '{"channel":"plain:x","b64data":"*"}'],
  ])('B88 %s → 400', async (_, body) => expect(codeOf(await api.expectStatus(400, '/api/publish', body))).toBe(107));

  api.attack.each<[string, unknown]>([
    ['history', { channel: 'open:x', since: { offset: 2 ** 53 + 2 } }],
    ['history', { channel: 'open:x', since: { offset: -1 } }],
    ['history', { channel: 'open:x', since: { offset: 1.5 } }],
    ['history', { channel: 'open:x', limit: '1' }],
    ['history', { channel: 'open:x', since: { offset: 1, epoch: 'x'.repeat(1_000) } }],
    ['subscribe', { user: 'a', channel: 'open:x', expire_at: 1e18 }],
    ['subscribe', { user: 'a', channel: 'open:x', override: { presence: true } }],
    ['subscribe', { user: 'a', channel: 'open:x', info: 'x'.repeat(70_000) }],
    ['disconnect', { user: 'a', disconnect: { code: 1_000, reason: '' } }],
    ['disconnect', { user: 'a', disconnect: { code: 4_000, reason: 'é'.repeat(62) } }],
    ['disconnect', { user: 'a', whitelist: 'b' }],
    ['block_user', { user: 'a', expire_at: -1 }],
    ['block_user', { user: '' }],
    ['batch', { commands: [1] }],
    ['batch', { commands: {} }],
    // An array has fields named by numbers, and is no object.
    ['subscribe', { user: 'a', channel: 'open:x', override: [] }],
    ['subscribe', { user: 'a', channel: 'open:x', override: { presence: [true] } }],
    ['subscribe', { user: 'a', channel: 'open:x', recover_since: [] }],
    ['disconnect', { user: 'a', disconnect: [] }],
    ['history', { channel: 'open:x', since: [null, null] }],
    ['publish', { channel: 'plain:x', data: 1, tags: ['a'] }],
  ])('B88 a field of %s that is not what it should be → 400', (method, body) =>
    api.expectStatus(400, `/api/${method}`, JSON.stringify(body)),
  );

  api.attack('B88 a lone surrogate in the data → 107', async () => {
    const body = '{"channel":"plain:x","data":"\\ud800"}';
    expect(codeOf(await api.expectStatus(200, '/api/publish', body))).toBe(107);
  });

  api.attack('B83 __proto__ and its like are inert', 4, async () => {
    const tags = '{"__proto__":"a","constructor":"b"}';
    await api.expectStatus(
      200,
      '/api/publish',
      `{"__proto__":{},"channel":"plain:x","data":{"__proto__":1},"tags":${tags}}`,
    );
    const batch = '{"commands":[{"__proto__":{}},{"constructor":{}},{"toString":{}}]}';
    const { replies } = JSON.parse((await api.expectStatus(200, '/api/batch', batch)).body);
    expect(replies.map(({ error }: { error: { code: number } }) => error.code)).toEqual([104, 104, 104]);
    // And one for the field that no method has.
  });

  it('B89 a body of 2 MB → 413, declared or in chunks', async () => {
    await api.withstands(async () => {
      const body = JSON.stringify({ channel: 'plain:x', data: 'x'.repeat(2_000_000) });
      expect(codeOf(await api.expectStatus(413, '/api/publish', body))).toBe(106);
    });
    await api.withstands(async () => {
      const head = requestHead('/api/publish', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, 0);
      const chunk = `10000\r\n${' '.repeat(0x1_0000)}\r\n`;
      const { responses } = await exchange(api.port, `${head}${chunk.repeat(40)}0\r\n\r\n`);
      expect(responses.map(({ status }) => status)).toEqual([413]);
    });
  });

  api.attack('B89 a body that claims to have 10 GB → 413 at once', async () => {
    const head = requestHead('/api/publish', { 'Content-Length': '10000000000' }, 0);
    const { responses, openMs } = await exchange(api.port, head);
    expect(responses.map(({ status }) => status)).toEqual([413]);
    // Whoever waits for the body does so for ten seconds.
    expect(openMs).toBeLessThan(8_000);
  });

  api.attack('B89 endless chunks → 413, and the connection is closed', async () => {
    const head = requestHead('/api/publish', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, 0);
    const chunk = `10000\r\n${' '.repeat(0x1_0000)}\r\n`;
    const { responses } = await exchange(api.port, head, (socket) => {
      const timer = setInterval(() => socket.writable && socket.write(chunk), 1);
      return () => clearInterval(timer);
    });
    expect(responses.map(({ status }) => status)).toEqual([413]);
  });

  api.attack('B89 gzip bomb → 415, nothing is inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    await api.expectStatus(415, '/api/publish', bomb, { headers: { 'Content-Encoding': 'gzip' } });
  });

  api.attack('B89 slow body → 408 within 10 s', async () => {
    const head = requestHead('/api/publish', { 'Content-Length': '100000' }, 0);
    const { responses, openMs } = await exchange(api.port, head, (socket) => {
      const timer = setInterval(() => socket.writable && socket.write(' '), 100);
      return () => clearInterval(timer);
    });
    expect(responses.map(({ status }) => status)).toEqual([408]);
    expect(openMs).toBeLessThan(15_000);
  });

  api.attack('B89 a peer that goes in the middle of its body leaves nothing behind', { atMost: 1 }, async () => {
    const head = requestHead('/api/publish', { 'Content-Length': '100000' }, 0);
    const { responses } = await exchange(api.port, `${head}{`, (socket) => {
      socket.resetAndDestroy();
      return () => undefined;
    });
    expect(responses).toEqual([]);
  });
});

it('without a key there is no API', async () => {
  await using without = await Oracle.start();
  await without.withstands(async () => {
    const head = requestHead('/api/publish', {}, 2);
    expect(await statusesOf(without.port, `${head}{}`)).toEqual([404]);
  });
});
