/** docs/api/openapi.yaml describes the server: each example is sent to one, each answer is what its schema says. */

import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { denyAll } from '../../src/engine/auth/anonymous.js';
import { Node } from '../../src/engine/node.js';
import { Counters } from '../../src/engine/ports/counters.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { apiEndpoints } from '../../src/http/api/api.js';
import { UnknownFields } from '../../src/http/api/unknown-fields.js';
import { memory } from '../../src/server/memory.js';
import { systemClock, systemRandom } from '../../src/server/system-ports.js';
import { OpenApi, openApiDocument, type Schema } from '../support/documents/openapi.js';
import { type ApiAnswer, apiKey, postTo, startApiServer } from '../support/servers/api-server.js';

const openApi = new OpenApi();
const paths = Object.keys(openApi.document.paths);
const operations = paths.map((path) => {
  const operation = openApi.document.paths[path]?.post;
  if (operation === undefined) throw new Error(`${path} has no POST`);
  return { path, method: path.slice('/api/'.length), operation };
});
const examples = operations.flatMap(({ path, method, operation }) =>
  Object.entries(operation.requestBody.content['application/json'].examples ?? {}).map(([name, { value }]) => ({
    path,
    method,
    name,
    value,
  })),
);

const server = await startApiServer();
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  // Examples ask for something; here it is.
  await server.app.publish('chat:lobby', { text: 'hello' });
});

function expectDocumented(path: string, answer: ApiAnswer): void {
  const validate = openApi.schemaAt(path, answer.status);
  validate(answer.body);
  expect(validate.errors ?? [], JSON.stringify(answer.body)).toEqual([]);
}

it('is a valid OpenAPI 3.1 document', async () => {
  const outcome = await new Validator().validate(structuredClone(openApiDocument()) as never);
  expect(outcome.errors ?? []).toEqual([]);
  expect(outcome.valid).toBe(true);
  expect(openApi.document.openapi).toMatch(/^3\.1\./);
});

it('has exactly the routes of the server', () => {
  const node = new Node({
    clock: systemClock,
    random: systemRandom,
    broker: memory()({ clock: systemClock, random: systemRandom, log: silentLogger }),
    auth: denyAll,
    channels: {},
    procedures: new Map(),
    log: silentLogger,
    limits: {},
    version: '0',
  });
  const unknownFields = new UnknownFields(silentLogger);
  const parts = {
    ...node.ports,
    operations: node.operations,
    inspection: node.inspection,
    described: { options: () => [], schemaOf: () => undefined },
    counters: new Counters(),
    log: silentLogger,
    refusals: node.ports.refusals,
    unknownFields,
    random: systemRandom,
    tracer: undefined,
  };
  // The older form takes lines, streaming requests no JSON, and what is below is no method.
  const methods = apiEndpoints(parts, { keys: apiKey }).filter(
    ({ path }) => !['/api', '/api/', '/api/stream_write'].includes(path),
  );
  const routes = methods.map(({ method, path }) => `${method} ${path}`);
  const documented = paths.flatMap((path) =>
    Object.keys(openApi.document.paths[path] ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual(routes.sort());
});

describe.each(examples)('$method: $name', ({ path, method, value }) => {
  it('is a proper request', () => {
    const validate = openApi.schemaAt(path);
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('is answered as documented, in either error mode', async () => {
    const answer = await server.post(method, value);
    expect(answer.status).toBe(200);
    expectDocumented(path, answer);
    const transport = await server.post(method, value, { 'X-Centrifugo-Error-Mode': 'transport' });
    expectDocumented(path, transport);
    // An error is never a 200 there, and never anything else in the other mode.
    expect('error' in answer.body).toBe(transport.status !== 200);
  });
});

describe.each(operations)('$method', ({ path, method, operation }) => {
  const { schema } = operation.requestBody.content['application/json'];
  const { properties = {}, required = [] } = openApi.resolve(schema);

  it('is refused without a key, with another kind of body, and when it is no JSON, as documented', async () => {
    const refused = [
      await postTo(`${server.url}${path}`, {}),
      await server.post(method, {}, { 'Content-Type': 'text/plain' }),
      await server.post(method, '{'),
      await server.post(method, []),
      await server.post(method, { padding: 'x'.repeat(1_048_576) }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 415, 400, 400, 413]);
    for (const answer of refused) expectDocumented(path, answer);
  });

  it('takes each documented field, and refuses what is not of its kind', async () => {
    for (const [name, field] of Object.entries(properties)) {
      const wrong = wrongFor(openApi.resolve(field));
      if (wrong === undefined) continue;
      const answer = await server.post(method, { [name]: wrong, ...others(name, properties, required) });
      expect(answer.status, `${name} = ${JSON.stringify(wrong)}`).toBe(400);
      expect(answer.body.error).toMatchObject({ code: 107, message: expect.stringContaining(name) });
      expectDocumented(path, answer);
    }
  });

  it('says what is required', async () => {
    for (const name of required) {
      const answer = await server.post(method, others(name, properties, required));
      expect(answer.status, name).toBe(200);
      expect(answer.body.error).toEqual({ code: 107, message: `${name} is required` });
      expectDocumented(path, answer);
    }
  });
});

/** A value that is not of the field's kind; nothing for a field that takes any. */
function wrongFor({ type }: Schema): unknown {
  return type === undefined ? undefined : type === 'string' ? 1 : 'x';
}

/** Good values for what else is required. */
function others(but: string, properties: Readonly<Record<string, Schema>>, required: readonly string[]) {
  const good: Record<string, unknown> = {};
  for (const name of required) {
    const { type, enum: [choice] = [] } = openApi.resolve(properties[name] ?? {});
    if (name !== but) good[name] = type === 'array' ? [] : type === 'integer' ? 1 : (choice ?? 'chat:lobby');
  }
  return good;
}
