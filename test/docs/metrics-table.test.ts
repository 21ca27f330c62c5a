/** docs/operations/metrics.md lists every metric. `vitest run test/docs -u` rewrites the table. */

import { expect, test } from 'vitest';
import { ofEventLoop } from '../../src/observe/event-loop.js';
import { hookLatency, ofEvents, ofHooks } from '../../src/observe/hook-metrics.js';
import { ofMemoryBroker } from '../../src/observe/memory-metrics.js';
import { nodeMetrics } from '../../src/observe/metrics.js';
import { histogramsOfNode } from '../../src/observe/node-histograms.js';
import { ofConfiguration, ofNode } from '../../src/observe/node-metrics.js';
import { EngineNode } from '../support/engine/node.js';
import { expectSection } from './page.js';

const path = 'docs/operations/metrics.md';
const begin = '<!-- metrics: written by test/docs/metrics-table.test.ts -->';
const end = '<!-- end of metrics -->';

/** Of a node that has hooks, so that theirs are there too. */
async function exposition(): Promise<string> {
  const { node } = new EngineNode({ channels: {} });
  const hook = { hook: 'connect', calls: 0, failures: new Map(), numInFlight: 0, numWaiting: 0, isOpen: false };
  const metrics = nodeMetrics(node.ports, {
    figures: [hook],
    events: { queued: 0, delivered: 0, dropped: 0 },
    measure: (meter) => meter.hasEvents(),
  });
  const { text } = await metrics.render();
  metrics.close();
  await node.close(0);
  return text;
}

/** By name. */
const labels = new Map<string, readonly string[]>([
  ...[...ofNode, ...ofConfiguration, ...ofMemoryBroker, ...ofHooks, ...ofEvents, ...ofEventLoop].map(
    ([name, , , more]) => [`fanfare_${name}`, more?.labels ?? []] as const,
  ),
  ...histogramsOfNode.map(([name, , , label]) => [`fanfare_${name}`, label === undefined ? [] : [label]] as const),
  [hookLatency.name, hookLatency.labelNames ?? []],
]);

/** Of these the name tells the unit; of others it tells what is counted. */
const units = ['seconds', 'bytes', 'publications'];

function unitOf(name: string): string {
  const words = name.replace(/_total$/, '').split('_');
  return units.find((unit) => words.at(-1) === unit) ?? '';
}

test('the page lists every metric with its type, its labels, its unit and its meaning', async () => {
  const text = await exposition();
  const rows = [...text.matchAll(/^# HELP (fanfare_\w+) (.*)\n# TYPE \w+ (\w+)$/gm)].map(
    ([, name = '', help = '', type = '']) => {
      const of = labels.get(name);
      if (of === undefined) throw new Error(`${name} is in no table`);
      return `| \`${name}\` | ${type} | ${of.map((label) => `\`${label}\``).join(', ')} | ${unitOf(name)} | ${help} |`;
    },
  );
  expect(rows.length).toBe(labels.size);
  const table = ['| metric | type | labels | unit | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
  await expectSection(path, begin, end, table);
});
