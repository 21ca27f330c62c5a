/** The example, with its spans in memory: a backend's trace goes on through its request, the publication, the fan-out. */

import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { connect } from 'fanfare/client';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { unregisterTelemetry } from '../../test/support/servers/recorded-spans.js';
import { startTracingExample } from './server.js';

afterEach(unregisterTelemetry);

test('a publication is a trace from the request to the sockets', async () => {
  const exporter = new InMemorySpanExporter();
  const { url, close } = await startTracingExample(0, { exporter, ratio: 0 });
  const client = connect(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: WebSocket });
  const spans: ReadableSpan[] = [];
  try {
    const news = client.channel('news:today');
    const arrived = new Promise((resolve) => news.on('message', ({ data }) => resolve(data)));
    await new Promise((resolve) => news.on('subscribed', resolve));
    await fetch(`${url}/api/publish`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      body: '{"channel":"news:today","data":"it rains"}',
    });
    expect(await arrived).toBe('it rains');
  } finally {
    client.close();
    // In memory they are gone after the shutdown.
    const finished = exporter.shutdown.bind(exporter);
    exporter.shutdown = async () => {
      spans.push(...exporter.getFinishedSpans());
      await finished();
    };
    await close();
  }
  expect(spans.map(({ name }) => name).sort()).toEqual([
    'POST /api/publish',
    'deliver news:{topic}',
    'publish news:{topic}',
  ]);
  for (const span of spans) expect(span.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('it rains');
});
