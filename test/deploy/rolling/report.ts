/** A rolling deploy as figures for programs (JSON) and as a page with two charts for people. */

import type { LoadOptions } from './load.js';
import { mostPerSec, type RollingOutcome } from './rolling-deploy.js';

type Size = Pick<
  LoadOptions,
  'clients' | 'channelsPerClient' | 'numChannels' | 'publicationsPerSec' | 'clientsPerSec' | 'delay' | 'deadline'
>;

/** What the whole comes to. */
export interface Verdict {
  readonly publications: number;
  readonly deliveries: number;
  readonly lost: number;
  readonly doubled: number;
  /** Subscriptions that did not get the last publication of their channel. */
  readonly incomplete: number;
  readonly unrecovered: number;
  readonly reconnects: number;
  readonly mostReconnectsPerSec: number;
  readonly nodes: readonly {
    readonly exitCode: number | null;
    readonly exitMs: number;
    readonly sentAway: number;
    readonly closeCodes: Readonly<Record<string, number>>;
    /** From the signal on, until readiness failed and until the first client was told to go. */
    readonly unreadyAfterMs: number | undefined;
    readonly firstCloseAfterMs: number | undefined;
    /** From the signal on, until the last client was back and the new node there. */
    readonly wholeMs: number;
  }[];
  /** Of the guarantee, each in words. Empty: all holds. */
  readonly violations: readonly string[];
}

export function verdictOf(outcome: RollingOutcome, { clientsPerSec }: Size, maxExitMs: number): Verdict {
  const { readers, published, replacements, unrecovered } = outcome;
  const total = (each: (reader: (typeof readers)[number]) => number) =>
    readers.reduce((all, reader) => all + each(reader), 0);
  const returns = replacements.flatMap(({ returnsMs }) => returnsMs).sort((a, b) => a - b);
  const nodes = replacements.map(({ leave, ends, beganMs, tookMs }) => {
    const closeCodes: Record<string, number> = {};
    for (const [, code, transport] of ends) {
      const key = `${code} ${transport}`;
      closeCodes[key] = (closeCodes[key] ?? 0) + 1;
    }
    const unready = leave.readiness.find(([, status]) => status === 503)?.[0];
    const firstEnd = ends[0]?.[0];
    return {
      exitCode: leave.code,
      exitMs: Math.round(leave.tookMs),
      sentAway: ends.length,
      closeCodes,
      unreadyAfterMs: unready === undefined ? undefined : unready - beganMs,
      firstCloseAfterMs: firstEnd === undefined ? undefined : firstEnd - beganMs,
      wholeMs: tookMs,
    };
  });
  const figures = {
    publications: published.reduce((all, count) => all + count, 0),
    deliveries: total(({ last, lost, doubled }) => last - lost + doubled),
    lost: total(({ lost }) => lost),
    doubled: total(({ doubled }) => doubled),
    incomplete: readers.filter(({ channel, last }) => last !== published[channel]).length,
    unrecovered,
    reconnects: returns.length,
    mostReconnectsPerSec: mostPerSec(returns),
    nodes,
  };
  const violations = [
    figures.lost + figures.incomplete > 0 && 'publications were lost',
    figures.doubled > 0 && 'publications came twice, or late',
    unrecovered > 0 && 'recoveries failed',
    figures.mostReconnectsPerSec > 2 * clientsPerSec && 'a second had more than twice the rate of reconnects',
    nodes.some(({ exitCode }) => exitCode !== 0) && 'a node did not end with 0',
    nodes.some(({ exitMs }) => exitMs > maxExitMs) && 'a node did not end in time',
    nodes.some(({ closeCodes }) => Object.keys(closeCodes).some((key) => !key.startsWith('3001 '))) &&
      'clients were not told why they go',
    replacements.some(({ connected: [before, after] }) => before !== after) && 'clients did not come back',
  ].filter((violation) => violation !== false);
  return { ...figures, violations };
}

const [width, height, left] = [960, 180, 56];

interface Chart {
  readonly title: string;
  readonly values: readonly number[];
  readonly lines?: readonly { readonly value: number; readonly label: string }[];
}

/** @param size shown above the charts */
export function pageOf(outcome: RollingOutcome, size: Size, verdict: Verdict): string {
  const { seconds, replacements } = outcome;
  const beganMs = seconds[0]?.atMs ?? 0;
  const numSeconds = seconds.length;
  const returns = Array.from({ length: numSeconds }, () => 0);
  for (const atMs of replacements.flatMap(({ returnsMs }) => returnsMs)) {
    const second = Math.floor((atMs - beganMs) / 1_000);
    if (second >= 0 && second < numSeconds) returns[second] = (returns[second] ?? 0) + 1;
  }
  const x = (atMs: number) => left + ((atMs - beganMs) / 1_000 / numSeconds) * (width - left);
  const spans = replacements
    .map(({ beganMs: from, leave, tookMs }, index) => {
      const [start, exit, end] = [x(from), x(from + leave.tookMs), x(from + tookMs)];
      return `<rect class="leaving" x="${r(start)}" width="${r(exit - start)}" y="0" height="${height}"/>
<rect class="starting" x="${r(exit)}" width="${r(Math.max(0, end - exit))}" y="0" height="${height}"/>
<text x="${r(start + 4)}" y="12">node ${index + 1}</text>`;
    })
    .join('\n');
  const charts = [
    chart(
      {
        title: 'Reconnects per second',
        values: returns,
        lines: [
          { value: size.clientsPerSec, label: 'configured' },
          { value: 2 * size.clientsPerSec, label: 'twice that' },
        ],
      },
      spans,
    ),
    chart({ title: 'Deliveries per second', values: seconds.map(({ deliveries }) => deliveries) }, spans),
    chart({ title: 'Clients connected', values: seconds.map(({ connected }) => connected) }, spans),
  ];
  const rows = Object.entries({ ...size, ...verdict }).filter(([, value]) => typeof value !== 'object');
  return `<!doctype html>
<meta charset="utf-8"><title>Rolling deploy</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
svg { display: block; overflow: visible; margin-bottom: 2rem; } svg text { font-size: 11px; fill: #555; }
.leaving { fill: #f6d9c9; } .starting { fill: #dcebdc; } .value { fill: none; stroke: #2456a6; stroke-width: 1.5; }
.bound { stroke: #b3261e; stroke-dasharray: 4 3; } .axis { stroke: #bbb; } td { padding: 0 1rem 0 0; }
</style>
<h1>Rolling deploy of three nodes</h1>
<p>${verdict.violations.length === 0 ? 'Everything holds.' : `It does not hold: ${verdict.violations.join('; ')}.`}
Shaded: a node that leaves, then the new one until the last client is back.</p>
${charts.join('\n')}
<table>${rows.map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`).join('')}</table>
<pre>${JSON.stringify(verdict.nodes, null, 2)}</pre>
`;
}

function chart({ title, values, lines = [] }: Chart, behind: string): string {
  const most = Math.max(1, ...values, ...lines.map(({ value }) => value)) * 1.05;
  const y = (value: number) => r(height - (value / most) * height);
  const step = (width - left) / values.length;
  const points = values.map((value, n) => `${r(left + (n + 0.5) * step)},${y(value)}`).join(' ');
  const bounds = lines.map(
    ({ value, label }) =>
      `<line class="bound" x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text x="${width}" y="${y(value) - 3}" text-anchor="end">${label}: ${value}</text>`,
  );
  return `<h2>${title}</h2><svg width="${width}" height="${height + 20}" viewBox="0 0 ${width} ${height + 20}">
${behind}
<line class="axis" x1="${left}" x2="${left}" y1="0" y2="${height}"/>
<line class="axis" x1="${left}" x2="${width}" y1="${height}" y2="${height}"/>
<text x="${left - 6}" y="10" text-anchor="end">${Math.round(most)}</text>
<text x="${left - 6}" y="${height}" text-anchor="end">0</text>
<text x="${left}" y="${height + 15}">0 s</text>
<text x="${width}" y="${height + 15}" text-anchor="end">${values.length} s</text>
${bounds.join('\n')}
<polyline class="value" points="${points}"/>
</svg>`;
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}
