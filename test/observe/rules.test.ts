/** Alerts and dashboard are about metrics that exist, and each alert has a section that helps whoever it wakes. */

import { execFileSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { readPage, root } from '../docs/page.js';
import { testFolder } from '../support/programs/test-folder.js';
import { prometheusIsMissing, promtool, quickRules } from './prometheus-server.js';
import { alerts, asSent, labelsIn, metricsIn, queries, rulesPath } from './rules.js';

/** Labels by name, from the table of the page, which another test compares with the code. */
const listed = new Map(
  [...readPage('docs/operations/metrics.md').matchAll(/^\| `(fanfare_\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(
    ([, name = '', type = '', labels = '']) => [name, { type, labels: labels.match(/\w+/g) ?? [] }],
  ),
);

function metricOf(name: string) {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return listed.get(name) ?? (listed.get(base)?.type === 'histogram' ? listed.get(base) : undefined);
}

/** Those of Prometheus itself, and of the buckets of histograms. */
const always = ['job', 'instance', 'le'];
const ofProcess = ['process_open_fds', 'process_max_fds', 'process_resident_memory_bytes', 'process_cpu_seconds_total'];

const expressions = [
  ...alerts.map(({ alert, expr }) => ({ what: alert, expr })),
  ...queries.map(({ title, expr }) => ({ what: `dashboard: ${title}`, expr: asSent(expr, 60) })),
];

describe('metrics and labels exist', () => {
  it.each(expressions)('$what: $expr', ({ expr }) => {
    const own = metricsIn(expr).filter((name) => !ofProcess.includes(name));
    expect(own.filter((name) => metricOf(name) === undefined)).toEqual([]);
    const labels = new Set(own.flatMap((name) => metricOf(name)?.labels ?? []));
    expect(labelsIn(expr).filter((label) => !labels.has(label) && !always.includes(label))).toEqual([]);
  });
});

test('the dashboard shows something of nearly every kind of metric', () => {
  const shown = new Set(queries.flatMap(({ expr }) => metricsIn(expr)).map((name) => name.replace(/_bucket$/, '')));
  expect([...listed.keys()].filter((name) => shown.has(name)).length).toBeGreaterThan(listed.size * 0.6);
});

describe('the runbook of', () => {
  const page = readPage('docs/operations/alerts.md');
  const sections = new Map(
    page
      .split('\n## ')
      .slice(1)
      .map((section) => [section.split('\n')[0] ?? '', section]),
  );

  it.each(alerts)('$alert says what it means, how to confirm it, and what to do', ({ alert, annotations }) => {
    const section = sections.get(alert) ?? '';
    const parts = section.split(/\n\n(?=\*\*\w+\.\*\* )/).slice(1);
    expect(parts.map((part) => /^\*\*(\w+)\./.exec(part)?.[1])).toEqual(['Means', 'Confirm', 'Do']);
    expect(annotations.runbook_url).toBe(`docs/operations/alerts.md#${alert.toLowerCase()}`);
  });

  it('nothing else is there', () => {
    expect([...sections.keys()]).toEqual(alerts.map(({ alert }) => alert));
  });
});

test.skipIf(prometheusIsMissing())('promtool accepts the rules, their quick copy, and the configuration', () => {
  const check = (...args: readonly string[]) => execFileSync(promtool, ['check', ...args], { encoding: 'utf8' });
  const found = `${alerts.length} rules found`;
  expect(check('rules', root + rulesPath)).toContain(found);
  expect(check('rules', `${testFolder({ 'alerts.yml': quickRules() })}/alerts.yml`)).toContain(found);
  expect(check('config', `${root}deploy/prometheus/prometheus.yml`)).toContain(found);
});
