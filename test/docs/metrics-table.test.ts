/** docs/operations/running.md lists every metric. `vitest run test/docs -u` rewrites the table. */

import { expect, test } from 'vitest';
import { nodeMetrics } from '../../src/observe/metrics.js';
import { EngineNode } from '../support/engine/node.js';
import { readPage, root } from './page.js';

const path = 'docs/operations/running.md';
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
  const text = await metrics.render();
  metrics.close();
  await node.close(0);
  return text;
}

test('the page lists every metric with its kind and meaning', async () => {
  const text = await exposition();
  const rows = [...text.matchAll(/^# HELP (fanfare_\w+) (.*)\n# TYPE \w+ (\w+)$/gm)].map(
    ([, name, help, kind]) => `| \`${name}\` | ${kind} | ${help} |`,
  );
  expect(rows.length).toBeGreaterThan(25);
  const page = readPage(path);
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)];
  expect(start).toBeGreaterThan(0);
  expect(stop).toBeGreaterThan(start);
  const table = ['| metric | kind | meaning |', '|---|---|---|', ...rows].join('\n');
  const expected = `${page.slice(0, start)}${begin}\n\n${table}\n\n${page.slice(stop)}`;
  await expect(expected).toMatchFileSnapshot(root + path);
});
