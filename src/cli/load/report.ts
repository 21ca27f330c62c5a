/** The result of a run as one page of HTML that needs no other file. */

import { axisMs, escapeHtml, type Line, percentileChart, timeChart } from './report-charts.js';
import { reportStyle } from './report-style.js';
import { type LoadResult, msAt, type Second } from './result.js';
import { scenarioTable } from './scenario-fields.js';
import { formatted } from './summary.js';
import { count, ms } from './texts.js';

const shownPercentiles = [50, 90, 95, 99, 99.9, 99.99, 100];
const latencyLabels = {
  delivery: 'Delivery',
  publish: 'Publish',
  connect: 'Connect and subscribe',
  reconnect: 'Come back',
  lateness: 'Lateness of the generator',
} as const;

export function renderReport(result: LoadResult): string {
  const url = String(result.scenario.url ?? '');
  const parts = [
    `<h1>Load on ${escapeHtml(url)}</h1>`,
    `<p class="muted">${escapeHtml(describe(result))}</p>`,
    warningList(result.warnings),
    tiles(result),
    thresholdTable(result),
    section('Over time', `<div class="grid">${charts(result)}</div>`),
    section('Times', latencyTable(result)),
    errorTable(result),
    section('Scenario', scenarioRows(result)),
  ];
  return (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
    `<title>Load on ${escapeHtml(url)}</title>\n<style>${reportStyle}</style>\n</head>\n<body>\n${parts.join('\n')}\n</body>\n</html>\n`
  );
}

function describe({ startedAt, version, workers, machine, measuredSec }: LoadResult): string {
  const processes = workers === 1 ? 'one process' : `${workers} processes`;
  return `${startedAt} · ${measuredSec.toFixed(1)} s measured · fanfare load ${version}, ${processes} on ${machine.cores} × ${machine.cpu}, Node ${machine.node}`;
}

function warningList(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  return `<ul class="warnings">${warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join('')}</ul>`;
}

function tiles(result: LoadResult): string {
  const { connections, counts, expected, latency, lost, serverCpu } = result;
  const wrong = lost + counts.duplicates + counts.misordered;
  const exact =
    wrong === 0 ? '<span class="good">each once, in order</span>' : `<span class="bad">${faults(result)}</span>`;
  const failed = Object.values(result.errors).reduce((sum, times) => sum + times, 0);
  const all = [
    tile(count(connections.ready), `of ${count(connections.wanted)} connections`),
    tile(`${count(result.deliveriesPerSec)}/s`, 'deliveries'),
    tile(`${count(result.publicationsPerSec)}/s`, 'publications'),
    tile(count(expected), `deliveries due, ${exact}`),
    tile(ms(msAt(latency.delivery, 50)), 'p50 of a delivery'),
    tile(ms(msAt(latency.delivery, 99)), 'p99 of a delivery'),
    tile(count(failed), 'errors'),
    serverCpu === undefined ? '' : tile(`${serverCpu.usPerDelivery.toFixed(1)} µs`, 'server CPU for a delivery'),
  ];
  return `<div class="tiles">${all.join('')}</div>`;
}

function faults({ lost, counts }: LoadResult): string {
  return `${count(lost)} lost, ${count(counts.duplicates)} twice, ${count(counts.misordered)} out of order`;
}

/** @param html what it is about */
function tile(value: string, html: string): string {
  return `<div class="tile"><b>${escapeHtml(value)}</b><span class="muted">${html}</span></div>`;
}

function section(title: string, html: string): string {
  return `<h2>${escapeHtml(title)}</h2>${html}`;
}

function thresholdTable({ thresholds }: LoadResult): string {
  if (thresholds.length === 0) return '';
  const rows = thresholds.map(({ name, condition, measured, met }) => [
    escapeHtml(name),
    escapeHtml(condition),
    measured === undefined ? 'not measured' : escapeHtml(formatted(name, measured)),
    met ? '<span class="good">met</span>' : '<span class="bad">missed</span>',
  ]);
  return section('Thresholds', table(['figure', 'condition', 'measured', ''], rows));
}

function charts(result: LoadResult): string {
  const { series, latency } = result;
  const bands = bandsOf(series);
  const line = (label: string, color: string, value: (second: Second) => number | undefined): Line => ({
    label,
    color,
    points: series.flatMap((second) => {
      const y = value(second);
      return y === undefined ? [] : [{ x: second.atSec, y }];
    }),
  });
  const over = (title: string, lines: readonly Line[], show: (value: number) => string) =>
    card(title, timeChart({ title, lines, bands, show }));
  const curves = (['delivery', 'publish', 'connect', 'reconnect'] as const)
    .filter((name) => latency[name].count > 0)
    .slice(0, 3)
    .map((name, at) => ({
      label: latencyLabels[name],
      color: ['first', 'second', 'third'][at] ?? 'first',
      latency: latency[name],
    }));
  return [
    over('Deliveries a second', [line('deliveries', 'first', (second) => second.deliveriesPerSec)], count),
    over(
      'Latency of deliveries',
      [
        line('p50', 'third', (second) => second.delivery?.p50Ms),
        line('p99', 'second', (second) => second.delivery?.p99Ms),
        line('p99.9', 'first', (second) => second.delivery?.p999Ms),
      ],
      axisMs,
    ),
    curves.length === 0 ? '' : card('Times by percentile', percentileChart('Times by percentile', curves)),
    over('Connections', [line('subscribed', 'second', (second) => second.connections)], count),
    over('Publications a second', [line('accepted', 'third', (second) => second.publicationsPerSec)], count),
    over(
      'The generator',
      [
        line('CPU of a core, %', 'second', (second) => second.cpuShare * 100),
        line('event loop late, ms', 'first', (second) => second.lagMs),
      ],
      count,
    ),
  ].join('');
}

/** Consecutive seconds of one phase. */
function bandsOf(series: readonly Second[]): { from: number; to: number; label: string }[] {
  const bands: { from: number; to: number; label: string }[] = [];
  let from = 0;
  for (const { phase, atSec } of series) {
    const last = bands.at(-1);
    if (last?.label === phase) last.to = atSec;
    else bands.push({ from, to: atSec, label: phase });
    from = atSec;
  }
  return bands.filter(({ label }) => label === 'measuring');
}

function card(title: string, html: string): string {
  return `<div class="card"><h3>${escapeHtml(title)}</h3>${html}</div>`;
}

function latencyTable({ latency }: LoadResult): string {
  // safe: names of the same object
  const names = (Object.keys(latencyLabels) as (keyof typeof latencyLabels)[]).filter(
    (name) => latency[name].count > 0,
  );
  const rows = names.map((name) => [
    latencyLabels[name],
    count(latency[name].count),
    ms(latency[name].meanMs),
    ...shownPercentiles.map((percentile) => ms(msAt(latency[name], percentile))),
  ]);
  const heads = shownPercentiles.map((percentile) => (percentile === 100 ? 'max' : `p${percentile}`));
  return table(['', 'number', 'mean', ...heads], rows);
}

function errorTable({ errors }: LoadResult): string {
  const rows = Object.entries(errors)
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => [escapeHtml(name), count(times)]);
  return rows.length === 0 ? '' : section('Errors', table(['what failed, and its code', 'times'], rows));
}

function scenarioRows({ scenario }: LoadResult): string {
  const rows = scenarioTable.paths.flatMap((path) => {
    const value = scenario[path];
    if (value === undefined || value === null) return [];
    const { kind, secret } = scenarioTable.at(path);
    const text = secret ? String(value) : kind.format(value);
    return text === '' ? [] : [`<tr><td>${path}</td><td class="text">${escapeHtml(text)}</td></tr>`];
  });
  return `<div class="scroll"><table>${rows.join('')}</table></div>`;
}

/** @param rows cells of HTML */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${escapeHtml(text)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
