/** Bad inputs B90–B98: calls that ask the HTTP API for too much or for something else, through raw sockets. */

import { describe, expect, it } from 'vitest';
import { exchange } from '../support/clients/raw-http.js';
import { ApiOracle, apiKeys, codeOf, requestHead } from '../support/hardening/api-oracle.js';
import { canary } from '../support/hardening/oracle.js';

const api = ApiOracle.ofFile({ api: apiKeys });

const publication = JSON.stringify({ channel: 'plain:x', data: canary });

describe('calls that ask for too much', () => {
  api.attack('B90 broadcast to 10⁵ channels → 413', async () => {
    const channels = Array.from({ length: 100_000 }, (_, i) => `plain:${i}`);
    expect(codeOf(await api.expectStatus(413, '/api/broadcast', JSON.stringify({ channels, data: 1 })))).toBe(106);
  });

  it('B90 … which fit into the body → 413; in a batch likewise', async () => {
    const short = Array.from({ length: 10_001 }, () => 'x');
    await api.withstands(async () => {
      const body = JSON.stringify({ channels: short, data: 1 });
      expect(codeOf(await api.expectStatus(413, '/api/broadcast', body))).toBe(106);
    });
    await api.withstands(async () => {
      const half = { broadcast: { channels: short.slice(0, 5_001), data: 1 } };
      expect(codeOf(await api.expectStatus(413, '/api/batch', JSON.stringify({ commands: [half, half] })))).toBe(106);
    });
    await api.withstands(async () => {
      const commands = Array.from({ length: 1_001 }, () => ({ info: {} }));
      expect(codeOf(await api.expectStatus(413, '/api/batch', JSON.stringify({ commands })))).toBe(106);
    });
  });

  api.attack('B90 a broadcast to 10,000 channels delays nobody', 0, async () => {
    const channels = Array.from({ length: 10_000 }, (_, i) => `plain:${i}`);
    const { body } = await api.expectStatus(200, '/api/broadcast', JSON.stringify({ channels, data: 1 }));
    expect(JSON.parse(body).result.responses).toHaveLength(10_000);
  });

  api.attack('B91 partial broadcast failure → a result per channel', 2, async () => {
    const channels = ['plain:a', 'nowhere:x', 'open:b', 'a\u0000b', ''];
    const { body } = await api.expectStatus(200, '/api/broadcast', JSON.stringify({ channels, data: 1 }));
    expect(JSON.parse(body).result.responses).toMatchObject([
      { result: {} },
      { error: { code: 102 } },
      { result: { offset: 1 } },
      { error: { code: 107 } },
      { error: { code: 107 } },
    ]);
    // One line for each kind of failure, not for each channel.
  });

  it('B92 1 MB idempotency key → 400', async () => {
    await api.withstands(async () => {
      const body = JSON.stringify({ channel: 'open:x', data: 1, idempotency_key: 'x'.repeat(1_000_000) });
      await api.expectStatus(400, '/api/publish', body);
    });
    await api.withstands(async () => {
      const body = JSON.stringify({ channel: 'open:x', data: 1, idempotency_key: 'é'.repeat(129) });
      await api.expectStatus(400, '/api/publish', body);
    });
  });

  api.attack('B92 key reused with another payload → the first result', 0, async () => {
    const publish = async (data: unknown) => {
      const body = JSON.stringify({ channel: 'open:idempotent', data, idempotency_key: 'é'.repeat(128) });
      return JSON.parse((await api.expectStatus(200, '/api/publish', body)).body).result;
    };
    const first = await publish('first');
    expect(await publish('second')).toEqual(first);
    const { body } = await api.expectStatus(
      200,
      '/api/history',
      JSON.stringify({ channel: 'open:idempotent', limit: 9 }),
    );
    expect(JSON.parse(body).result.publications).toEqual([{ data: 'first', offset: 1 }]);
  });
});

describe('requests for something else', () => {
  api.attack.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('B93 %s → 405', async (method) => {
    // What answers HEAD has no body, whatever its Content-Length says.
    const { responses } = await exchange(api.port, requestHead('/api/publish', {}, 0, method));
    expect(responses.map(({ status }) => status)).toEqual([405]);
    expect(responses[0]?.headers.get('allow')).toBe('POST');
  });

  api.attack("B94 a stranger's CORS preflight → no CORS headers; and none on what it would lead to", async () => {
    const headers = { Origin: 'https://evil.example' };
    const preflight = {
      ...headers,
      'X-API-Key': undefined,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'x-api-key',
    };
    const answers = [
      await api.expectStatus(405, '/api/publish', '', { headers: preflight, method: 'OPTIONS' }),
      await api.expectStatus(200, '/api/publish', publication, { headers }),
    ];
    for (const answer of answers)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('B96 CR/LF and ANSI in fields and headers → one escaped line each', async () => {
    const nasty = `a\r\n{"level":60,"msg":"forged"}\u001b[31m\u009b31m`;
    const calls: [string, unknown][] = [
      ['publish', { channel: nasty, data: nasty, tags: { [nasty]: nasty }, idempotency_key: nasty }],
      ['subscribe', { user: nasty, channel: nasty }],
      ['presence', { channel: nasty }],
      ['publish', { channel: `nowhere:${canary}`, data: 1 }],
      ['batch', { commands: [{ [nasty]: {} }] }],
      // Its bracket is never closed.
      ['channels', { pattern: nasty }],
      ['publish', { channel: 'plain:x', data: 1, tags: { [nasty]: 1 } }],
    ];
    await api.withstands(async () => {
      for (const [method, fields] of calls) await api.call(`/api/${method}`, JSON.stringify(fields));
    }, calls.length);
    await api.withstands(async () => {
      for (const [method, fields] of [
        ['disconnect', { user: nasty, disconnect: { code: 4_000, reason: nasty } }],
        ['block_user', { user: nasty }],
        ['unblock_user', { user: nasty }],
      ] as const) {
        await api.expectStatus(200, `/api/${method}`, JSON.stringify(fields));
      }
    }, 0);
  });

  api.attack('B97 /metrics on the public port → 404 unless asked for', () =>
    api.expectStatus(404, '/metrics', '', { method: 'GET' }),
  );

  api.attack.each([
    '//api/publish',
    '/x/%2e%2e/api/publish',
    '/%2e%2e/api/publish',
    '/api%2fpublish',
    '/API/publish',
    '*',
  ])('B98 %s → 404', (path) => api.expectStatus(404, path, publication));

  it('a target in absolute form is that of its path, with all checks (RFC 9112, 3.2.2)', async () => {
    const path = 'http://127.0.0.1/api/publish';
    await api.withstands(async () => {
      await api.expectStatus(200, path, publication);
      await api.expectStatus(401, path, publication, { headers: { 'X-API-Key': undefined } });
    });
  });

  api.attack.each([
    '/api//publish',
    '/api/publish/',
    '/api/./publish',
    '/api/../api/publish',
    '/api/publish%00',
    '/api/%70ublish',
    '/api/publish;x',
    '/api/',
    '/api/rpc',
    '/api/__proto__',
    '/api/constructor',
    `/api/${canary.repeat(50)}`,
  ])('B98 %s → 404, in JSON', 2, async (path) => {
    expect(codeOf(await api.expectStatus(404, path, publication))).toBe(104);
    // What there is is told to whoever has a key.
    await api.expectStatus(401, path, publication, { headers: { 'X-API-Key': undefined } });
  });
});
