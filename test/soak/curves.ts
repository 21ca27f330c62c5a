/** Curves of a soak over time, as SVG. */

import type { Sample, SoakOutcome } from './soak.js';

const [width, height, left, foot] = [960, 160, 64, 20];
const colors = ['#2456a6', '#b3261e', '#2b8a3e'] as const;
const mebibyte = 2 ** 20;
const [memory, latency] = ['Memory, MiB', 'From publishing to the client, ms'] as const;
/** Of the elements that a chart is made of. */
export const chartStyle =
  '.axis { stroke: #bbb; } .restart { stroke: #d9a441; stroke-dasharray: 2 3; } .curve { fill: none; stroke-width: 1.5; }';

interface Curve {
  readonly label: string;
  readonly value: (sample: Sample) => number;
}

interface Chart {
  readonly title: string;
  readonly curves: readonly Curve[];
}

const all: readonly Chart[] = [
  {
    title: memory,
    curves: [
      { label: 'size of the process', value: ({ node }) => node.rssBytes / mebibyte },
      { label: 'heap, with what is not collected yet', value: ({ node }) => node.heapBytes / mebibyte },
      { label: 'outside the heap', value: ({ node }) => node.externalBytes / mebibyte },
    ],
  },
  {
    title: latency,
    curves: [
      { label: 'p50', value: ({ p50Ms }) => p50Ms },
      { label: 'p99', value: ({ p99Ms }) => p99Ms },
    ],
  },
  { title: 'The slowest of each interval, ms', curves: [{ label: 'slowest', value: ({ maxMs }) => maxMs }] },
  {
    title: 'Deliveries a second',
    curves: [{ label: 'deliveries', value: ({ deliveriesPerSec }) => deliveriesPerSec }],
  },
  {
    title: 'Clients',
    curves: [
      { label: 'connected to any node', value: ({ connected }) => connected },
      { label: 'sessions of this node', value: ({ node }) => node.sessions },
    ],
  },
  {
    title: 'Handles, timers, sockets',
    curves: [
      { label: 'handles', value: ({ node }) => node.handles },
      { label: 'timers', value: ({ node }) => node.timers },
      { label: 'sockets', value: ({ node }) => node.sockets },
    ],
  },
  { title: 'Keys in Redis', curves: [{ label: 'keys', value: ({ redisKeys }) => redisKeys }] },
];

export function charts(outcome: SoakOutcome): string[] {
  return all.map((chart) => chartOf(chart, outcome));
}

/** Memory and latency as one picture, for a page that has nothing else of them. */
export function pictureOf(outcome: SoakOutcome): string {
  const shown = all.filter(({ title }) => title === memory || title === latency);
  const rowHeight = height + foot + 60;
  const rows = shown.map((chart, n) => {
    const { legend, drawing } = drawn(chart, outcome);
    const words = legend.map(({ label, color }) => `<tspan fill="${color}">■</tspan> ${label} `).join(' ');
    return `<g transform="translate(0 ${n * rowHeight + 44})"><text class="title" x="0" y="-26">${chart.title}</text><text x="0" y="-10">${words}</text>
${drawing}</g>`;
  });
  const size = `0 0 ${width + 16} ${shown.length * rowHeight}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${size}" font-family="system-ui, sans-serif">
<title>Memory of the node that lives through everything, and latency, over the run</title>
<style>${chartStyle} text { font-size: 11px; fill: #555; } .title { font-size: 14px; fill: #222; }</style>
<rect width="100%" height="100%" fill="#fff"/>
<g transform="translate(8 0)">${rows.join('\n')}</g>
</svg>
`;
}

function chartOf(chart: Chart, outcome: SoakOutcome): string {
  const { title } = chart;
  const { legend, drawing } = drawn(chart, outcome);
  const words = legend.map(
    ({ label, color, atEnd }) =>
      `<span style="color: ${color}">■</span> ${label}${atEnd === undefined ? '' : ` (at the end ${atEnd})`}`,
  );
  return `<h2>${title}</h2><div class="legend">${words.join(' · ')}</div>
<svg viewBox="0 0 ${width} ${height + foot}" role="img" aria-label="${title}">
${drawing}
</svg>`;
}

interface Drawn {
  readonly legend: readonly { readonly label: string; readonly color: string; readonly atEnd: number | undefined }[];
  /** Elements of SVG. */
  readonly drawing: string;
}

function drawn({ curves }: Chart, { samples, restartsSec }: SoakOutcome): Drawn {
  const lastSec = Math.max(1, samples.at(-1)?.atSec ?? 1);
  const most = Math.max(1, ...curves.flatMap(({ value }) => samples.map(value))) * 1.05;
  const x = (sec: number) => rounded(left + (sec / lastSec) * (width - left));
  const y = (value: number) => rounded(height - (value / most) * height);
  const lines = curves.map(({ value }, n) => {
    const points = samples.map((sample) => `${x(sample.atSec)},${y(value(sample))}`).join(' ');
    return `<polyline class="curve" stroke="${colorOf(n)}" points="${points}"/>`;
  });
  const last = samples.at(-1);
  const legend = curves.map(({ label, value }, n) => {
    return { label, color: colorOf(n), atEnd: last === undefined ? undefined : rounded(value(last)) };
  });
  const marks = [0, 0.5, 1].map(
    (share) =>
      `<text x="${left - 6}" y="${y(most * share) + 4}" text-anchor="end">${rounded(most * share)}</text>` +
      `<line class="axis" x1="${left}" x2="${width}" y1="${y(most * share)}" y2="${y(most * share)}"/>`,
  );
  const restarts = restartsSec.map(
    (sec) => `<line class="restart" x1="${x(sec)}" x2="${x(sec)}" y1="0" y2="${height}"/>`,
  );
  const inMinutes = lastSec > 180;
  const end = inMinutes ? `${rounded(lastSec / 60)} min` : `${rounded(lastSec)} s`;
  const drawing = `${marks.join('\n')}
${restarts.join('\n')}
${lines.join('\n')}
<text x="${left}" y="${height + 15}">0</text><text x="${width}" y="${height + 15}" text-anchor="end">${end}</text>`;
  return { legend, drawing };
}

function colorOf(n: number): string {
  return colors[n % colors.length] ?? colors[0];
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
