/** What a scrape says of several processes that serve one port. */

import { beforeEach, expect, test } from 'vitest';
import { EngineNode } from '../../test/support/engine/node.js';
import type { Node } from '../engine/node.js';
import type { HookMetricsSource } from './hook-metrics.js';
import type { Metrics } from './metrics.js';
import { workerMetrics } from './worker-metrics.js';

let node: Node;
beforeEach(async () => ({ node } = await EngineNode.start({ channels: {} })));

const hook = { hook: 'connect', failures: new Map(), numInFlight: 0, numWaiting: 0 };
const hooksOf = (isOpen: boolean, calls: number): HookMetricsSource => ({
  figures: [{ ...hook, calls, isOpen }],
  events: { queued: 0, delivered: 0, dropped: 0 },
  measure: (meter) => meter.hasEvents(),
});

/** What the first of two processes prints. @param change what is another value in the second one */
async function scrapeOfTwo(change: Readonly<Record<string, number>> = {}, accept?: string): Promise<string> {
  let figuresOfSecond = async (): Promise<object[]> => [];
  const second = workerMetrics(
    node.ports,
    {
      serve(figures) {
        figuresOfSecond = figures;
      },
      ask: async () => [],
    },
    hooksOf(true, 3),
  );
  const first = workerMetrics(
    node.ports,
    {
      serve: () => {},
      ask: async () => {
        const figures = await figuresOfSecond();
        return [figures.map((figure) => withValue(figure as Figure, change))];
      },
    },
    hooksOf(true, 4),
  );
  const both: Metrics[] = [first, second];
  try {
    return (await first.render(accept)).text;
  } finally {
    for (const metrics of both) metrics.close();
  }
}

interface Figure {
  readonly name: string;
  readonly values: readonly object[];
}

function withValue(figure: Figure, change: Readonly<Record<string, number>>): Figure {
  const value = change[figure.name];
  return value === undefined ? figure : { ...figure, values: figure.values.map((each) => ({ ...each, value })) };
}

test('what is counted is added up', async () => {
  const text = await scrapeOfTwo({ fanfare_clients: 5, fanfare_connections_opened_total: 7 });
  expect(text).toMatch(/^fanfare_clients 5$/m);
  expect(text).toMatch(/^fanfare_connections_opened_total 7$/m);
  expect(text).toMatch(/^fanfare_hook_calls_total\{hook="connect"\} 7$/m);
});

test('a state that is 1 in each is 1 of both', async () => {
  const text = await scrapeOfTwo({ fanfare_draining: 1 });
  expect(text).toMatch(/^fanfare_broker_delivering 1$/m);
  expect(text).toMatch(/^fanfare_broker_keeping 1$/m);
  expect(text).toMatch(/^fanfare_draining 1$/m);
  expect(text).toMatch(/^fanfare_nodes 1$/m);
  expect(text).toMatch(/^fanfare_build_info\{.*\} 1$/m);
  expect(text).toMatch(/^fanfare_hook_breaker_open\{hook="connect"\} 1$/m);
});

test('what does not work in one of them shows', async () => {
  const text = await scrapeOfTwo({ fanfare_broker_delivering: 0, fanfare_broker_keeping: 0 });
  expect(text).toMatch(/^fanfare_broker_delivering 0$/m);
  expect(text).toMatch(/^fanfare_broker_keeping 0$/m);
});

test('histograms are added up bucket by bucket, and the latest exemplar of each stays', async () => {
  const { connecting } = node.ports.counters;
  connecting.of('websocket').observeTraced(0.002, 'older', 1_000);
  connecting.of('websocket').observeTraced(0.002, 'newer', 2_000);
  const text = await scrapeOfTwo({}, 'application/openmetrics-text');
  const bucket = 'fanfare_connect_seconds_bucket{le="0.0025",transport="websocket"}';
  const lines = text.split('\n').filter((line) => line.startsWith('fanfare_connect_seconds'));
  expect(lines.find((line) => line.startsWith('fanfare_connect_seconds_count'))).toMatch(/ 4$/);
  expect(
    lines.map((line) => line.replace(/transport="websocket",le="0.0025"/, 'le="0.0025",transport="websocket"')),
  ).toContain(`${bucket} 4 # {trace_id="newer"} 0.002 2`);
});
