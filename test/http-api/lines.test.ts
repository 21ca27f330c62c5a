/**
 * The API's form from before Centrifugo 5: `POST /api` with commands one after the other. Bytes as `gocent` 3 and
 * `phpcent` 3 and 4 send them (`json_encode(['method' => …, 'params' => …])`), which test/http-api/gocent.test.ts
 * leaves to the library itself; and `phpcent` 5 and 6, which have a path per method.
 */

import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/clients/api-client.js';
import { apiKey, startApiServer } from '../support/servers/api-server.js';

const server = await startApiServer();
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => server.setBrokerDown(false));

const authorization = { Authorization: `apikey ${apiKey}` };

async function send(body: string, headers: Readonly<Record<string, string>> = authorization) {
  const response = await fetch(`${server.url}/api`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), text };
}

/** The answers to a body that must be taken. */
async function answers(body: string) {
  const { status, type, text } = await send(body);
  expect([status, type]).toEqual([200, expect.stringMatching(/^application\/json/)]);
  expect(text).toMatch(/^\{[^\n]*(\n\{[^\n]*)*\n$/);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('commands', () => {
  it('are answered a line each, in their order, one that fails beside those that succeed', async () => {
    const body = [
      { method: 'publish', params: { channel: 'chat:order', data: 1 } },
      { method: 'publish', params: { channel: 'nowhere', data: 1 } },
      { method: 'publish', params: { channel: 'chat:order', data: 2 } },
      { method: 'history', params: { channel: 'chat:order', limit: 10 } },
    ];
    const epoch = expect.any(String);
    expect(await answers(body.map((command) => `${JSON.stringify(command)}\n`).join(''))).toEqual([
      { result: { offset: 1, epoch } },
      { error: { code: 102, message: expect.any(String) } },
      { result: { offset: 2, epoch } },
      { result: { publications: [1, 2].map((n) => ({ data: n, offset: n })), offset: 2, epoch } },
    ]);
  });

  it.each([
    ['on one line', '{"method":"info"}{"method":"info","params":{}} {"method":"info","params":null}'],
    ['over several', '{\n  "method": "info"\r\n}\r\n\r\n{"method":\n"info"}{"method":"info"}\n\n'],
    [
      'with braces in texts',
      '{"method":"info","x":"}{\\"}"}\n{"method":"info","{":"\\\\"}{"method":"info","y":{"z":"{"}}',
    ],
    ['with names as capitals and numbers', '{"method":"INFO"}{"method":9}{"id":0,"method":"info"}'],
  ])('%s are told apart', async (_, body) => {
    const replies = await answers(body);
    expect(replies.map(({ result }) => result.nodes.length)).toEqual([1, 1, 1]);
  });

  it('have an id that is given back', async () => {
    expect(await answers('{"id":7,"method":"channels","params":{}}\n{"id":8,"method":"x","params":{}}')).toMatchObject([
      { id: 7, result: {} },
      { id: 8, error: { code: 104 } },
    ]);
  });

  it('of an unknown method are answered with what was meant', async () => {
    expect(await answers('{"method":"publsih","params":{}}{"method":31,"params":{}}')).toMatchObject([
      { error: { code: 104, message: expect.stringContaining('"publish"') } },
      { error: { code: 104 } },
    ]);
  });

  it('carry the fields as Go spells them', async () => {
    await using goes = await ApiClient.connect(server, { sub: 'gopher' });
    await using stays = await ApiClient.connect(server, { sub: 'gopher' });
    // What gocent 3.3 makes of WithDisconnect and WithDisconnectClientWhitelist.
    const why = '{"code":4500,"reason":"signed out","reconnect":false}';
    const params = `{"user":"gopher","Disconnect":${why},"ClientWhitelist":["${stays.id}"]}`;
    expect(await answers(`{"method":"disconnect","params":${params}}\n`)).toEqual([{ result: {} }]);
    await goes.sees('disconnected 4500 signed out');
    expect(stays.events).toEqual(['connected']);
    expect(server.warnings.filter(({ api }) => api === 'disconnect')).toEqual([]);
  });
});

describe('bodies', () => {
  const publication = '{"method":"publish","params":{"channel":"chat:whole","data":1}}';

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['a list', `[${publication}]`],
    ['a text', '"publish"'],
    ['no JSON', '{method:"publish"}'],
    ['a command that ends too early', `${publication}\n{"method":"publish","params":{`],
    ['a brace too many', `${publication}}`],
    ['a comma between', `${publication},${publication}`],
    ['a command without a method', `${publication}\n{"params":{}}`],
    ['a method that is neither a text nor a number', `${publication}\n{"method":{}}`],
    ['an id that is none', `${publication}\n{"id":-1,"method":"info"}`],
    ['what is nested deep', `${publication}${'{"method":'.repeat(100)}1${'}'.repeat(100)}`],
  ])('%s → 400, and nothing of it is done', async (_, body) => {
    const { status, text } = await send(body);
    expect([status, JSON.parse(text).error.code]).toEqual([400, 107]);
    const [history] = await answers('{"method":"history","params":{"channel":"chat:whole"}}');
    expect(history.result.offset).toBe(0);
  });

  it.each([
    ['commands', '{"method":"info"}'.repeat(1_001)],
    ['bytes', publication.replace('1}', `"${'x'.repeat(1_100_000)}"}`)],
    ['channels', `{"method":"broadcast","params":{"channels":[${Array(5_001).fill('"x"')}],"data":1}}`.repeat(2)],
  ])('too many %s → 413', async (_, body) => {
    const { status, text } = await send(body);
    expect([status, JSON.parse(text).error.code]).toEqual([413, 106]);
  });

  it('many quotes are read within the time of a test', async () => {
    expect((await send(`{"method":"info","x":"${'\\"'.repeat(400_000)}`)).status).toBe(400);
    expect((await send('{"'.repeat(400_000))).status).toBe(400);
  });
});

describe('who', () => {
  it('has no key, a wrong one, or one in the query → 401', async () => {
    const body = '{"method":"info"}';
    expect((await send(body, {})).status).toBe(401);
    expect((await send(body, { Authorization: 'apikey wrong' })).status).toBe(401);
    const query = await fetch(`${server.url}/api?api_key=${apiKey}`, { method: 'POST', body });
    expect(query.status).toBe(401);
    expect((await send(body, { 'X-API-Key': apiKey })).status).toBe(200);
  });

  it('asks while the broker is away → 503, that clients try again', async () => {
    server.setBrokerDown(true);
    const publication = '{"method":"publish","params":{"channel":"chat:a","data":1}}\n';
    expect((await send(publication.repeat(2))).status).toBe(503);
    // What needs no broker is answered.
    const mixed = await answers(`${publication}{"method":"presence_stats","params":{"channel":"chat:a"}}`);
    expect(mixed).toMatchObject([{ error: { code: 100 } }, { result: { num_clients: 0 } }]);
  });

  it('asks by another method than POST, or with a form → 405, 415', async () => {
    expect((await fetch(`${server.url}/api`)).status).toBe(405);
    expect((await send('{}', { ...authorization, 'Content-Type': 'text/plain' })).status).toBe(415);
  });
});

describe('phpcent', () => {
  // PHP writes empty maps as [], and slashes and what is not ASCII as escapes.
  it.each([
    ['publish', '{"channel":"chat:php","data":{"text":"na\\u00efve \\/"},"skip_history":false}', { offset: 1 }],
    ['broadcast', '{"channels":["chat:php"],"data":[],"skip_history":true}', { responses: [{ result: {} }] }],
    ['subscribe', '{"channel":"chat:php","user":"1","client":""}', {}],
    ['unsubscribe', '{"channel":"chat:php","user":"1","client":"","session":"s"}', {}],
    ['disconnect', '{"user":"1","client":""}', {}],
    ['presence', '{"channel":"chat:php"}', { presence: {} }],
    ['presence_stats', '{"channel":"chat:php"}', { num_clients: 0 }],
    ['history', '{"channel":"chat:php","limit":0,"reverse":false}', { publications: [] }],
    ['history_remove', '{"channel":"chat:php"}', {}],
    ['channels', '{"pattern":""}', { channels: {} }],
    ['info', '{}', { nodes: [{}] }],
  ])('%s: 4 sends one command, 6 a request to its path', async (method, params, result) => {
    const [four] = await answers(`{"method":"${method}","params":${params === '{}' ? '[]' : params}}`);
    expect(four.result, JSON.stringify(four)).toMatchObject(result);
    const six = await server.post(method, params);
    expect([six.status, Object.keys(six.body)]).toEqual([200, ['result']]);
  });
});
