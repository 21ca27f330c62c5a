/** What one node records: publications of clients, broadcasts, permission functions, hooks; and what it never records. */

import { context, trace } from '@opentelemetry/api';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { channel, fanfare } from 'fanfare';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { subscribed } from '../cluster/plain-fleet.js';
import { HookedServer, lettingIn } from '../hooks/hooked-server.js';
import { apiKey, postTo } from '../support/servers/api-server.js';
import { idsOf, recordSpans, traceId, traceparent } from '../support/servers/recorded-spans.js';

const spans = recordSpans(1);
beforeEach(() => spans.clear());

const secret = 'planted-secret-payload';

async function started(channels: Parameters<typeof fanfare>[0]['channels']) {
  const lines: object[] = [];
  const note = (fields: object, message: string) => void lines.push({ ...fields, message });
  const log = { debug: note, info: note, warn: note, error: note };
  const app = fanfare({ anonymous: true, tracing: true, channels: channels ?? {}, log });
  onTestFinished(() => app.close(1_000));
  const { url } = await app.listen(0, { api: { keys: apiKey } });
  const post = (method: string, body: object, headers: Record<string, string> = {}) =>
    postTo(`${url}/api/${method}`, body, { 'X-API-Key': apiKey, ...headers });
  return { app, url, lines, post };
}

test('a client begins a trace, named by the rule and not by the channel', async () => {
  const { url } = await started({ 'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone' }) });
  using reader = await subscribed(url, 'chat:lobby');
  await reader.client.publish('chat:lobby', { text: secret });
  const publication = await spans.named('publish chat:{room}');
  const delivery = await spans.named('deliver chat:{room}');
  expect(idsOf(publication).parent).toBeUndefined();
  expect(idsOf(delivery)).toMatchObject({ trace: idsOf(publication).trace, parent: idsOf(publication).span });
  expect(publication.attributes['messaging.client.id']).toBe(reader.id);
  expect(
    JSON.stringify(spans.all().map(({ name, attributes, events, status }) => [name, attributes, events, status])),
  ).not.toContain(secret);
});

test('a permission function runs in the span, also with what it begins itself', async () => {
  const { url } = await started({
    'chat:{room}': channel({
      subscribe: 'anyone',
      publish: async () => {
        await Promise.resolve();
        trace.getTracer('application').startSpan('query').end();
        return true;
      },
    }),
  });
  using reader = await subscribed(url, 'chat:lobby');
  await reader.client.publish('chat:lobby', 1);
  const [publication, query] = [await spans.named('publish chat:{room}'), await spans.named('query')];
  expect(idsOf(query)).toMatchObject({ trace: idsOf(publication).trace, parent: idsOf(publication).span });
  expect(spans.all().filter(({ name }) => name === 'publish chat:{room}')).toHaveLength(1);
});

test('a function that refuses ends the span with an error', async () => {
  const { url } = await started({ 'chat:{room}': channel({ subscribe: 'anyone', publish: () => false }) });
  using reader = await subscribed(url, 'chat:lobby');
  await expect(reader.client.publish('chat:lobby', 1)).rejects.toMatchObject({ code: 103 });
  const { status, attributes } = await spans.named('publish chat:{room}');
  expect([status.code, attributes['error.type']]).toEqual([2, 'denied']);
});

test('a span that is active already is the parent, whatever the headers say', async () => {
  const { app } = await started({ 'news:{topic}': channel({ subscribe: 'anyone' }) });
  const own = trace.getTracer('application').startSpan('job');
  await context.with(trace.setSpan(context.active(), own), () => app.publish('news:today', 1));
  own.end();
  const publication = await spans.named('publish news:{topic}');
  expect(idsOf(publication).parent).toBe(own.spanContext().spanId);
});

test('a broadcast is one span, and each delivery is a child of it', async () => {
  const { url, post } = await started({ 'chat:{room}': channel({ subscribe: 'anyone' }) });
  using _a = await subscribed(url, 'chat:a');
  using _b = await subscribed(url, 'chat:b');
  await post('broadcast', { channels: ['chat:a', 'chat:b', 'chat:c'], data: 1 });
  const broadcast = await spans.named('broadcast');
  await expect.poll(() => spans.all().filter(({ name }) => name === 'deliver chat:{room}').length).toBe(2);
  const deliveries = spans.all().filter(({ name }) => name === 'deliver chat:{room}');
  for (const span of deliveries) expect(idsOf(span).parent).toBe(idsOf(broadcast).span);
  expect(broadcast.attributes['messaging.batch.message_count']).toBe(3);
  expect(spans.all().some(({ name }) => name.startsWith('publish'))).toBe(false);
});

test('calls of a batch, and messages that a schema checks, are children of their request', async () => {
  const message: StandardSchemaV1<unknown, unknown> = z.object({ text: z.string() });
  const { post } = await started({ 'chat:{room}': channel({ message }) });
  const publication = { publish: { channel: 'chat:a', data: { text: 'hello' } } };
  const { body } = await post('batch', { commands: [publication, publication] }, { traceparent });
  expect(body.replies).toEqual([{ publish: {} }, { publish: {} }]);
  const request = await spans.named('POST /api/batch');
  const publications = spans.all().filter(({ name }) => name === 'publish chat:{room}');
  expect(publications.map((span) => idsOf(span).parent)).toEqual([idsOf(request).span, idsOf(request).span]);
  await post('publish', { channel: 'chat:a', data: 'not what it should be' });
  const failed = await vi.waitFor(() => {
    const [span] = spans.all().filter(({ name, status }) => name === 'publish chat:{room}' && status.code === 2);
    if (span === undefined) throw new Error('no span has failed');
    return span;
  });
  expect(failed.attributes['error.type']).toBe('ERR_MESSAGE_INVALID');
});

test('a caller without a key decides nothing: its trace is not looked at', async () => {
  const { url } = await started({});
  const { status } = await postTo(`${url}/api/info`, {}, { traceparent });
  expect(status).toBe(401);
  expect(spans.all()).toEqual([]);
});

test.each([
  '',
  '00',
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `zz-${traceId}-b7ad6b7169203331-01`,
  'x'.repeat(9_000),
])('a traceparent that is none begins a trace of its own (%.20s)', async (given) => {
  const { post } = await started({});
  expect((await post('info', {}, { traceparent: given })).status).toBe(200);
  const request = await spans.named('POST /api/info');
  expect(idsOf(request).parent).toBeUndefined();
  expect(idsOf(request).trace).not.toBe(traceId);
});

test('lines of a request name its trace and its id', async () => {
  const { lines, post } = await started({});
  const { headers } = await post(
    'publish',
    { channel: 'nowhere:1', data: 1 },
    { traceparent, 'X-Request-Id': 'req-7' },
  );
  expect(headers.get('x-request-id')).toBe('req-7');
  const about = lines.filter((line) => 'api' in line);
  expect(about).toMatchObject([{ api: 'publish', request: 'req-7', trace_id: traceId, code: 102 }]);
});

test('hooks get the trace, and a publication goes on in the same', async () => {
  await using server = lettingIn(
    await HookedServer.start({
      tracing: true,
      hooks: { connect: '/connect', publish: '/publish' },
      channels: { 'chat:{room}': { subscribe: 'anyone', publish: 'hook' } },
    }),
  );
  server.backend.on('/publish', () => ({ result: {} }));
  const client = await server.connected();
  await client.publish('chat:lobby', { text: secret });
  const [publication, hook] = [await spans.named('publish chat:{room}'), await spans.named('POST /publish')];
  const { trace: id, span } = idsOf(hook);
  expect(idsOf(hook)).toMatchObject({ trace: idsOf(publication).trace, parent: idsOf(publication).span });
  expect(server.backend.callsTo('/publish')[0]?.headers.traceparent).toBe(`00-${id}-${span}-01`);
  const connect = await spans.named('POST /connect');
  expect(server.backend.callsTo('/connect')[0]?.headers.traceparent).toContain(idsOf(connect).trace);
  expect(JSON.stringify(spans.all().map(({ attributes }) => attributes))).not.toContain(secret);
});

test('events of a recorded request name its span, and their delivery is in its trace; others begin one', async () => {
  await using server = await HookedServer.start({
    tracing: true,
    anonymous: true,
    api: { keys: [apiKey] },
    hooks: { events: '/events', eventTypes: ['connected', 'disconnected'] },
    channels: { 'chat:{room}': { subscribe: 'anyone' } },
  });
  server.backend.on('/events', () => ({}));
  const client = await server.connected();
  const [connected] = await server.backend.waitFor('/events');
  // safe: the backend gets what the page about hooks says
  const [event] = (connected?.body.events ?? []) as { readonly type: string; readonly client: string }[];
  expect(event?.type).toBe('connected');
  expect(connected?.text).not.toContain('traceparent');
  const begun = await spans.named('POST /events');
  expect(idsOf(begun).parent).toBeUndefined();
  expect(connected?.headers.traceparent).toBe(`00-${idsOf(begun).trace}-${idsOf(begun).span}-01`);

  spans.clear();
  const gone = new Promise((resolve) => client.on('disconnected', resolve));
  const headers = { 'X-API-Key': apiKey, traceparent, tracestate: 'vendor=a;b' };
  await postTo(`http://127.0.0.1:${server.port}/api/disconnect`, { user: '', client: event?.client }, headers);
  await gone;
  const [, disconnected] = await server.backend.waitFor('/events', 2);
  const [request, delivery] = [await spans.named('POST /api/disconnect'), await spans.named('POST /events')];
  const happenedIn = `00-${traceId}-${idsOf(request).span}-01`;
  expect(disconnected?.body.events).toMatchObject([
    { type: 'disconnected', traceparent: happenedIn, tracestate: 'vendor=a;b' },
  ]);
  expect(idsOf(delivery)).toMatchObject({ trace: traceId, parent: idsOf(request).span });
  expect(delivery.attributes['fanfare.hook']).toBe('events');
  expect(disconnected?.headers).toMatchObject({
    traceparent: `00-${traceId}-${idsOf(delivery).span}-01`,
    tracestate: 'vendor=a;b',
  });
});
