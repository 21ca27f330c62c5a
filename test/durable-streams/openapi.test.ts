/** docs/api/durable-streams.yaml describes the server: statuses, headers of the protocol and bodies of refusals are those of its answers. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { channel, fanfare } from 'fanfare';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { served } from '../support/servers/served.js';

interface Referring {
  readonly $ref?: string;
}

interface Response extends Referring {
  readonly headers?: Readonly<Record<string, Referring & { readonly schema?: object }>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

const text = readFileSync(fileURLToPath(new URL('../../docs/api/durable-streams.yaml', import.meta.url)), 'utf8');
const document = parse(text);
const operations: Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>> =
  document.paths['/{channel}'];

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, 'streams');

function resolved<Value extends Referring>(value: Value): Value {
  if (value.$ref === undefined) return value;
  return value.$ref
    .slice(2)
    .split('/')
    .reduce((at, part) => at[part], document);
}

const protocolHeaders = /^(?:stream-|producer-|etag$|location$)/;

test('it is a valid OpenAPI 3.1 document', async () => {
  const outcome = await new Validator().validate(structuredClone(document) as never);
  expect([outcome.errors ?? [], outcome.valid]).toEqual([[], true]);
});

test('answers have the statuses, headers and bodies that it says', async () => {
  const key = 'the key of the backend, 32 bytes or more';
  const { app, url } = await served(
    fanfare({
      anonymous: true,
      channels: { 'log:{id}': channel({ subscribe: 'anyone', publish: 'user', history: { size: 3, ttl: '5m' } }) },
      durableStreams: { path: '/streams', keys: [key], maxBodyBytes: 1_024 },
      limits: { pollWaitMs: 100 },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    }),
  );
  const seen = new Set<string>();
  const json = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const call = async (method: string, path: string, headers: object = {}, body?: string) => {
    const init = { method, headers: { ...(headers as Record<string, string>) }, ...(body !== undefined && { body }) };
    const response = await fetch(`${url}/streams/${path}`, init);
    const operation = operations[method.toLowerCase()];
    const described = operation?.responses[response.status];
    const name = `${method} ${response.status}`;
    seen.add(name);
    expect(described, name).toBeDefined();
    const { headers: documented = {}, content } = resolved(described ?? {});
    const known = new Map(Object.entries(documented).map(([header, one]) => [header.toLowerCase(), resolved(one)]));
    for (const [header, value] of response.headers) {
      if (!protocolHeaders.test(header)) continue;
      expect(known.has(header), `${name} ${header}`).toBe(true);
      expect(ajv.validate(known.get(header)?.schema ?? {}, value), `${name} ${header}: ${value}`).toBe(true);
    }
    const answer = await response.text();
    const refusal = content?.['application/json'];
    if (refusal !== undefined && method !== 'HEAD') {
      expect(ajv.validate({ $ref: 'streams#/components/schemas/refusal' }, JSON.parse(answer)), answer).toBe(true);
    }
    return response;
  };
  await call('PUT', 'log:a', { ...json, 'Stream-TTL': '60' });
  await call('PUT', 'log:a', { ...json, 'Stream-TTL': '60' });
  await call('PUT', 'log:a', json);
  await call('PUT', 'log:b', { 'X-API-Key': key, 'Content-Type': 'image/png' }, 'x');
  await call('PUT', 'log:c', { ...json, 'Stream-TTL': 'x' });
  await call('PUT', 'log:c', { ...json, 'X-API-Key': 'wrong' });
  await call('PUT', 'log:c', { 'Content-Type': 'application/json' });
  await call('PUT', 'none', json);
  await call('PUT', 'log:c', json, JSON.stringify('x'.repeat(2_000)));
  await call('PUT', 'log:c', { ...json, 'Stream-Forked-From': '/streams/log:a' });
  const producer = { 'Producer-Id': 'p', 'Producer-Epoch': '1' };
  await call('POST', 'log:a', { ...json, ...producer, 'Producer-Seq': '0' }, '1');
  await call('POST', 'log:a', { ...json, ...producer, 'Producer-Seq': '0' }, '1');
  await call('POST', 'log:a', { ...json, ...producer, 'Producer-Seq': '5' }, '1');
  await call('POST', 'log:a', { ...json, ...producer, 'Producer-Epoch': '0', 'Producer-Seq': '1' }, '1');
  await call('POST', 'log:a', { 'Content-Type': 'application/json' }, '1');
  await call('POST', 'log:a', json, '{');
  await call('POST', 'log:never', json, '1');
  const first = (await call('GET', 'log:a')).headers;
  const [offset, etag] = [first.get('stream-next-offset'), first.get('etag') ?? ''];
  await call('GET', 'log:a', { 'If-None-Match': etag });
  await call('GET', `log:a?offset=${offset}&live=long-poll`);
  await call('POST', 'log:a', json, '[2,3,4,5]');
  await call('GET', `log:a?offset=${offset}`);
  await call('GET', 'log:a?offset=x');
  await call('GET', 'log:never');
  await call('GET', 'log:a', { Authorization: 'Bearer x' });
  await call('HEAD', 'log:a');
  await call('POST', 'log:a', { ...json, 'Stream-Closed': 'true' });
  await call('GET', 'log:b?offset=-1&live=long-poll');
  await call('PUT', 'log:d', { ...json, 'Stream-Closed': 'true' }, '1');
  await call('GET', 'log:d?offset=-1&live=sse');
  await call('DELETE', 'log:a');
  await call('DELETE', 'log:a', json);
  await call('DELETE', 'log:a', json);
  expect(app.isClosing).toBe(false);
  const documented = Object.entries(operations).flatMap(([method, { responses }]) =>
    Object.keys(responses ?? {}).map((status) => `${method.toUpperCase()} ${status}`),
  );
  // Brokers that fail, and streams that are read only, have tests of their own.
  const elsewhere = /503|DELETE 501|POST 501|HEAD 40|DELETE 401|POST 401|POST 413|GET 403|DELETE 404/;
  expect(documented.filter((name) => !seen.has(name) && !elsewhere.test(name))).toEqual([]);
});
