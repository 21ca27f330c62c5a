/** Bad inputs B85–B98: the HTTP API, through raw sockets against a running server. */

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary, Oracle } from '../support/oracle.js';
import { exchange, type RawResponse } from '../support/raw-http.js';

/** Both are in force, as in the middle of a rotation. The canary tells on a log that has one. */
const keys = [`${canary}-0123456789abcdef-new`, `${canary}-0123456789abcdef-old`] as const;
const [key] = keys;

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.start({ api: keys });
});
afterAll(() => oracle.stop());

type Headers = Readonly<Record<string, string | undefined>>;

function requestText(path: string, headers: Headers, body: string | Uint8Array, method = 'POST'): string {
  const all: Headers = {
    Host: `127.0.0.1:${oracle.port}`,
    'X-API-Key': key,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** One request, and the one response to it. */
async function call(
  path: string,
  body: string | Uint8Array,
  { headers = {}, method = 'POST' }: { readonly headers?: Headers; readonly method?: string } = {},
): Promise<RawResponse> {
  const bytes = Buffer.concat([Buffer.from(requestText(path, headers, body, method)), Buffer.from(body)]);
  const { responses } = await exchange(oracle.port, bytes);
  expect(responses).toHaveLength(1);
  const [response] = responses;
  if (response === undefined) throw new Error('no response');
  // B95, on every answer whatever it says.
  expect(response.headers.get('cache-control')).toBe('no-store');
  return response;
}

async function expectStatus(status: number, ...args: Parameters<typeof call>): Promise<RawResponse> {
  const response = await call(...args);
  expect(response.status, response.body.slice(0, 200)).toBe(status);
  return response;
}

function codeOf({ body }: RawResponse): unknown {
  return JSON.parse(body).error?.code;
}

const publication = JSON.stringify({ channel: 'plain:x', data: canary });

describe('keys', () => {
  it.each(keys)('each of several keys is accepted (%#), in either header', async (one) => {
    await oracle.withstands(async () => {
      await expectStatus(200, '/api/publish', publication, { headers: { 'X-API-Key': one } });
      const headers = { 'X-API-Key': undefined, Authorization: `apikey ${one}` };
      await expectStatus(200, '/api/publish', publication, { headers });
    }, 0);
  });

  it.each<[string, Headers]>([
    ['no key', {}],
    ['an empty key', { 'X-API-Key': '' }],
    ['a wrong key', { 'X-API-Key': `${key}x` }],
    ['the beginning of a key', { 'X-API-Key': key.slice(0, -1) }],
    ['two keys in one', { 'X-API-Key': keys.join(', ') }],
    ['a key of 10 KB', { 'X-API-Key': canary.repeat(700) }],
    ['another scheme', { Authorization: `Bearer ${key}` }],
    ['no scheme', { Authorization: key }],
    ['a wrong key in Authorization', { Authorization: `apikey ${canary}` }],
    ['a wrong key before a right one', { 'X-API-Key': canary, Authorization: `apikey ${key}` }],
    ['a key in a cookie', { Cookie: `api_key=${key}` }],
  ])('B85 %s → 401', async (_, headers) => {
    await oracle.withstands(async () => {
      const response = await expectStatus(401, '/api/publish', publication, {
        headers: { 'X-API-Key': undefined, ...headers },
      });
      expect(codeOf(response)).toBe(101);
      expect(response.headers.get('www-authenticate')).toBe('apikey');
    });
  });

  it.each([
    ['alone', { 'X-API-Key': undefined }],
    ['beside the header', {}],
  ])('B86 key in the query, %s → 401', async (_, headers) => {
    await oracle.withstands(() => expectStatus(401, `/api/publish?api_key=${key}`, publication, { headers }));
  });

  it('B85 the body of whoever has no key is not read', async () => {
    await oracle.withstands(async () => {
      const head = requestText('/api/publish', { 'X-API-Key': undefined, 'Content-Length': '1000000' }, '');
      const { responses, openMs } = await exchange(oracle.port, head);
      expect(responses.map(({ status }) => status)).toEqual([401]);
      expect(openMs).toBeLessThan(2_000);
    });
  });
});

describe('bodies', () => {
  it.each([
    ['text/plain', publication],
    ['application/x-www-form-urlencoded', 'channel=plain%3Ax&data=1'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n\r\n--x--'],
    ['application/json; charset=utf-16', publication],
    ['application/jsonp', publication],
    [undefined, publication],
  ])('B87 Content-Type %s → 415', async (type, body) => {
    await oracle.withstands(() => expectStatus(415, '/api/publish', body, { headers: { 'Content-Type': type } }));
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'B87 Content-Type %s is accepted',
    async (type) => {
      await oracle.withstands(
        () => expectStatus(200, '/api/publish', publication, { headers: { 'Content-Type': type } }),
        0,
      );
    },
  );

  it.each<[string, string | Uint8Array]>([
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
    ['b64data that is no JSON', '{"channel":"plain:x","b64data":"AAEC"}'],
  ])('B88 %s → 400', async (_, body) => {
    await oracle.withstands(async () => expect(codeOf(await expectStatus(400, '/api/publish', body))).toBe(107));
  });

  it.each<[string, unknown]>([
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
  ])('B88 a field of %s that is not what it should be → 400', async (method, body) => {
    await oracle.withstands(() => expectStatus(400, `/api/${method}`, JSON.stringify(body)));
  });

  it('B88 a lone surrogate in the data → 107', async () => {
    await oracle.withstands(async () => {
      const body = '{"channel":"plain:x","data":"\\ud800"}';
      expect(codeOf(await expectStatus(200, '/api/publish', body))).toBe(107);
    });
  });

  it('B83 __proto__ and its like are inert', async () => {
    await oracle.withstands(async () => {
      const tags = '{"__proto__":"a","constructor":"b"}';
      await expectStatus(
        200,
        '/api/publish',
        `{"__proto__":{},"channel":"plain:x","data":{"__proto__":1},"tags":${tags}}`,
      );
      const batch = '{"commands":[{"__proto__":{}},{"constructor":{}},{"toString":{}}]}';
      const { replies } = JSON.parse((await expectStatus(200, '/api/batch', batch)).body);
      expect(replies.map(({ error }: { error: { code: number } }) => error.code)).toEqual([104, 104, 104]);
    }, 3);
  });

  it('B89 a body of 2 MB → 413, declared or in chunks', async () => {
    await oracle.withstands(async () => {
      const body = JSON.stringify({ channel: 'plain:x', data: 'x'.repeat(2_000_000) });
      expect(codeOf(await expectStatus(413, '/api/publish', body))).toBe(106);
    });
    await oracle.withstands(async () => {
      const head = requestText('/api/publish', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, '');
      const chunk = `10000\r\n${' '.repeat(0x1_0000)}\r\n`;
      const { responses } = await exchange(oracle.port, `${head}${chunk.repeat(40)}0\r\n\r\n`);
      expect(responses.map(({ status }) => status)).toEqual([413]);
    });
  });

  it('B89 a body that claims to have 10 GB → 413 at once', async () => {
    await oracle.withstands(async () => {
      const head = requestText('/api/publish', { 'Content-Length': '10000000000' }, '');
      const { responses, openMs } = await exchange(oracle.port, head);
      expect(responses.map(({ status }) => status)).toEqual([413]);
      expect(openMs).toBeLessThan(2_000);
    });
  });

  it('B89 endless chunks → 413, and the connection is closed', async () => {
    await oracle.withstands(async () => {
      const head = requestText('/api/publish', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, '');
      const chunk = `10000\r\n${' '.repeat(0x1_0000)}\r\n`;
      const { responses } = await exchange(oracle.port, head, (socket) => {
        const timer = setInterval(() => socket.writable && socket.write(chunk), 1);
        return () => clearInterval(timer);
      });
      expect(responses.map(({ status }) => status)).toEqual([413]);
    });
  });

  it('B89 gzip bomb → 415, nothing is inflated', async () => {
    await oracle.withstands(async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
      await expectStatus(415, '/api/publish', bomb, { headers: { 'Content-Encoding': 'gzip' } });
    });
  });

  it('B89 slow body → 408 within 10 s', async () => {
    await oracle.withstands(async () => {
      const head = requestText('/api/publish', { 'Content-Length': '100000' }, '');
      const { responses, openMs } = await exchange(oracle.port, head, (socket) => {
        const timer = setInterval(() => socket.writable && socket.write(' '), 100);
        return () => clearInterval(timer);
      });
      expect(responses.map(({ status }) => status)).toEqual([408]);
      expect(openMs).toBeLessThanOrEqual(10_500);
    });
  });

  it('B89 a peer that goes in the middle of its body leaves nothing behind', async () => {
    await oracle.withstands(
      async () => {
        const head = requestText('/api/publish', { 'Content-Length': '100000' }, '');
        const { responses } = await exchange(oracle.port, `${head}{`, (socket) => {
          socket.resetAndDestroy();
          return () => undefined;
        });
        expect(responses).toEqual([]);
      },
      { atMost: 1 },
    );
  });
});

describe('calls that ask for too much', () => {
  it('B90 broadcast to 10⁵ channels → 413', async () => {
    await oracle.withstands(async () => {
      const channels = Array.from({ length: 100_000 }, (_, i) => `plain:${i}`);
      expect(codeOf(await expectStatus(413, '/api/broadcast', JSON.stringify({ channels, data: 1 })))).toBe(106);
    });
  });

  it('B90 … which fit into the body → 413; in a batch likewise', async () => {
    const short = Array.from({ length: 10_001 }, () => 'x');
    await oracle.withstands(async () => {
      const body = JSON.stringify({ channels: short, data: 1 });
      expect(codeOf(await expectStatus(413, '/api/broadcast', body))).toBe(106);
    });
    await oracle.withstands(async () => {
      const half = { broadcast: { channels: short.slice(0, 5_001), data: 1 } };
      expect(codeOf(await expectStatus(413, '/api/batch', JSON.stringify({ commands: [half, half] })))).toBe(106);
    });
    await oracle.withstands(async () => {
      const commands = Array.from({ length: 1_001 }, () => ({ info: {} }));
      expect(codeOf(await expectStatus(413, '/api/batch', JSON.stringify({ commands })))).toBe(106);
    });
  });

  it('B90 a broadcast to 10,000 channels delays nobody', async () => {
    await oracle.withstands(async () => {
      const channels = Array.from({ length: 10_000 }, (_, i) => `plain:${i}`);
      const { body } = await expectStatus(200, '/api/broadcast', JSON.stringify({ channels, data: 1 }));
      expect(JSON.parse(body).result.responses).toHaveLength(10_000);
    }, 0);
  });

  it('B91 partial broadcast failure → a result per channel', async () => {
    await oracle.withstands(async () => {
      const channels = ['plain:a', 'nowhere:x', 'open:b', 'a\u0000b', ''];
      const { body } = await expectStatus(200, '/api/broadcast', JSON.stringify({ channels, data: 1 }));
      expect(JSON.parse(body).result.responses).toMatchObject([
        { result: {} },
        { error: { code: 102 } },
        { result: { offset: 1 } },
        { error: { code: 107 } },
        { error: { code: 107 } },
      ]);
      // One line for each kind of failure, not for each channel.
    }, 2);
  });

  it('B92 1 MB idempotency key → 400', async () => {
    await oracle.withstands(async () => {
      const body = JSON.stringify({ channel: 'open:x', data: 1, idempotency_key: 'x'.repeat(1_000_000) });
      await expectStatus(400, '/api/publish', body);
    });
    await oracle.withstands(async () => {
      const body = JSON.stringify({ channel: 'open:x', data: 1, idempotency_key: 'é'.repeat(129) });
      await expectStatus(400, '/api/publish', body);
    });
  });

  it('B92 key reused with another payload → the first result', async () => {
    await oracle.withstands(async () => {
      const publish = async (data: unknown) => {
        const body = JSON.stringify({ channel: 'open:idempotent', data, idempotency_key: 'é'.repeat(128) });
        return JSON.parse((await expectStatus(200, '/api/publish', body)).body).result;
      };
      const first = await publish('first');
      expect(await publish('second')).toEqual(first);
      const { body } = await expectStatus(
        200,
        '/api/history',
        JSON.stringify({ channel: 'open:idempotent', limit: 9 }),
      );
      expect(JSON.parse(body).result.publications).toEqual([{ data: 'first', offset: 1 }]);
    }, 0);
  });
});

describe('requests for something else', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('B93 %s → 405', async (method) => {
    await oracle.withstands(async () => {
      // What answers HEAD has no body, whatever its Content-Length says.
      const { responses } = await exchange(oracle.port, requestText('/api/publish', {}, '', method));
      expect(responses.map(({ status }) => status)).toEqual([405]);
      expect(responses[0]?.headers.get('allow')).toBe('POST');
    }, 0);
  });

  it("B94 a stranger's CORS preflight → no CORS headers; and none on what it would lead to", async () => {
    await oracle.withstands(async () => {
      const headers = { Origin: 'https://evil.example' };
      const preflight = {
        ...headers,
        'X-API-Key': undefined,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-api-key',
      };
      const answers = [
        await expectStatus(405, '/api/publish', '', { headers: preflight, method: 'OPTIONS' }),
        await expectStatus(200, '/api/publish', publication, { headers }),
      ];
      for (const answer of answers) {
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
    }, 0);
  });

  it('B96 CR/LF and ANSI in fields and headers → one escaped line each', async () => {
    const nasty = `a\r\n{"level":60,"msg":"forged"}\u001b[31m\u009b31m`;
    const calls: [string, unknown][] = [
      ['publish', { channel: nasty, data: nasty, tags: { [nasty]: nasty }, idempotency_key: nasty }],
      ['subscribe', { user: nasty, channel: nasty }],
      ['presence', { channel: nasty }],
      ['publish', { channel: `nowhere:${canary}`, data: 1 }],
      ['batch', { commands: [{ [nasty]: {} }] }],
      ['publish', { channel: 'plain:x', data: 1, tags: { [nasty]: 1 } }],
    ];
    await oracle.withstands(async () => {
      for (const [method, fields] of calls) await call(`/api/${method}`, JSON.stringify(fields));
    }, calls.length);
    await oracle.withstands(async () => {
      for (const [method, fields] of [
        ['disconnect', { user: nasty, disconnect: { code: 4_000, reason: nasty } }],
        ['block_user', { user: nasty }],
        ['unblock_user', { user: nasty }],
        ['channels', { pattern: nasty }],
      ] as const) {
        await expectStatus(200, `/api/${method}`, JSON.stringify(fields));
      }
    }, 0);
  });

  it('B97 /metrics on the public port → 404 unless asked for', async () => {
    await oracle.withstands(() => expectStatus(404, '/metrics', '', { method: 'GET' }), 0);
  });

  it.each([
    '//api/publish',
    '/api//publish',
    '/api/publish/',
    '/api/./publish',
    '/api/../api/publish',
    '/x/%2e%2e/api/publish',
    '/%2e%2e/api/publish',
    '/api%2fpublish',
    '/api/publish%00',
    '/api/%70ublish',
    '/API/publish',
    '/api/publish;x',
    '/api',
    '/api/',
    '/api/rpc',
    '/api/__proto__',
    '/api/constructor',
    'http://127.0.0.1/api/publish',
    '*',
  ])('B98 %s → 404', async (path) => {
    await oracle.withstands(() => expectStatus(404, path, publication), 0);
  });
});

it('without a key there is no API', async () => {
  const without = await Oracle.start();
  try {
    await without.withstands(async () => {
      const head = requestText('/api/publish', { Host: `127.0.0.1:${without.port}` }, '{}');
      const { responses } = await exchange(without.port, `${head}{}`);
      expect(responses.map(({ status }) => status)).toEqual([404]);
    }, 0);
  } finally {
    await without.stop();
  }
});
