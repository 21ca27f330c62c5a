/** Where the HTTP API is: behind which keys, on which port; and what it says when the broker is away. */

import { describe, expect, it } from 'vitest';
import { exchange } from '../support/clients/raw-http.js';
import { OpenApi } from '../support/documents/openapi.js';
import { apiKey, postTo, startApiServer } from '../support/servers/api-server.js';

const otherKey = 'another-key-0123456789abcdef-012345';
const publication = { channel: 'chat:x', data: 1 };

describe('keys', () => {
  it('are rotated without a restart', async () => {
    let keys = [apiKey];
    await using server = await startApiServer({ api: { keys: () => keys } });
    const statusWith = async (key: string) => (await server.post('info', {}, { 'X-API-Key': key })).status;
    expect([await statusWith(apiKey), await statusWith(otherKey)]).toEqual([200, 401]);
    keys = [apiKey, otherKey];
    expect([await statusWith(apiKey), await statusWith(otherKey)]).toEqual([200, 200]);
    keys = [otherKey];
    expect([await statusWith(apiKey), await statusWith(otherKey)]).toEqual([401, 200]);
    keys = [];
    expect([await statusWith(apiKey), await statusWith(otherKey)]).toEqual([401, 401]);
  });

  it('that are short are refused at start; without any there is no API', async () => {
    await expect(startApiServer({ api: { keys: 'short' } })).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    await using server = await startApiServer({ api: { keys: [] } });
    expect((await server.post('info', {})).status).toBe(404);
  });
});

describe('insecure', () => {
  it('needs no key on a loopback address, and lets no page in, whatever name it has found for it', async () => {
    await using server = await startApiServer({ api: { insecure: true } });
    expect((await postTo(`${server.url}/api/publish`, publication)).status).toBe(200);
    const port = Number(new URL(server.url).port);
    const statusWith = async (headers: string) => {
      const head = `POST /api/info HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n`;
      return (await exchange(port, `${head}${headers}\r\n\r\n{}`)).responses[0]?.status;
    };
    expect(await statusWith(`Host: localhost:${port}`)).toBe(200);
    expect(await statusWith(`Host: [::1]:${port}`)).toBe(200);
    expect(await statusWith(`Host: rebound.example:${port}`)).toBe(403);
    expect(await statusWith(`Host: localhost.rebound.example:${port}`)).toBe(403);
    expect(await statusWith(`Host: localhost:${port}\r\nOrigin: http://localhost:${port}`)).toBe(403);
    expect(await statusWith(`Host: localhost:${port}\r\nOrigin: null`)).toBe(403);
  });

  it('is refused elsewhere', async () => {
    await expect(startApiServer({ host: '0.0.0.0', api: { insecure: true } })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
    });
  });
});

it('a second listener has the API and the metrics, and no clients; the first has clients alone', async () => {
  await using server = await startApiServer({ api: {} });
  const { url } = await server.app.listen(0, { clients: false, metrics: true, api: { keys: [otherKey] } });
  expect((await server.post('info', {})).status).toBe(404);
  expect((await fetch(`${url}/connection/websocket`)).status).toBe(404);
  const key = { 'X-API-Key': otherKey };
  expect((await postTo(`${url}/api/publish`, publication, key)).body).toMatchObject({ result: { offset: 1 } });
  await postTo(`${url}/api/publish`, { channel: 'nowhere:x', data: 1 }, key);
  await postTo(`${url}/api/publish`, publication);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('fanfare_api_requests_total{method="publish",status="200"} 2');
  expect(metrics).toContain('fanfare_api_requests_total{method="publish",status="401"} 1');
  expect(metrics).toContain('fanfare_api_errors_total{method="publish",code="102"} 1');
  expect(metrics).not.toContain(otherKey);
});

it('the largest body is an option', async () => {
  await using server = await startApiServer({ api: { keys: apiKey, maxBodyBytes: 1_000 } });
  const padded = (bytes: number) => JSON.stringify(publication).padEnd(bytes);
  expect((await server.post('publish', padded(1_000))).status).toBe(200);
  expect((await server.post('publish', padded(1_001))).status).toBe(413);
});

it('G7 broker down → 503 with code 100, in either error mode; a batch or broadcast where anything went well → 200', async () => {
  const openApi = new OpenApi();
  await using server = await startApiServer();
  server.setBrokerDown(true);
  const calls = [
    ['publish', publication],
    ['broadcast', { channels: ['chat:x', 'chat:y'], data: 1 }],
    ['history', { channel: 'chat:x', limit: 1 }],
    ['batch', { commands: [{ publish: publication }, { publish: publication }] }],
  ] as const;
  for (const [method, body] of calls) {
    const answer = await server.post(method, body);
    const transport = await server.post(method, body, { 'X-Centrifugo-Error-Mode': 'transport' });
    expect([answer.status, answer.body.error?.code], method).toEqual([503, 100]);
    expect([transport.status, transport.body.code], method).toEqual([503, 100]);
    for (const { body: documented } of [answer, transport]) {
      const validate = openApi.schemaAt(`/api/${method}`, 503);
      expect(validate(documented), JSON.stringify(validate.errors)).toBe(true);
    }
  }
  const mixed = await server.post('batch', { commands: [{ publish: publication }, { info: {} }] });
  expect(mixed.status).toBe(200);
  expect(mixed.body.replies).toMatchObject([{ error: { code: 100 } }, { info: {} }]);
  const partial = await server.post('broadcast', { channels: ['chat:x', 'nowhere:x'], data: 1 });
  expect(partial.body.result.responses).toMatchObject([{ error: { code: 100 } }, { error: { code: 102 } }]);
  server.setBrokerDown(false);
  expect((await server.post('publish', publication)).body).toMatchObject({ result: { offset: 1 } });
});
