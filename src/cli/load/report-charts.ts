/** The plots of a report, as inline SVG whose colours come from the page. */

import { type Latency, msAt } from './result.js';
import { count, ms } from './texts.js';

const width = 640;
const height = 240;
const [left, right, top, bottom] = [64, width - 12, 12, height - 46];

export interface Line {
  readonly label: string;
  /** A variable of the page. */
  readonly color: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

interface Band {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

interface TimeChart {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Phases, in seconds. */
  readonly bands: readonly Band[];
  readonly show: (value: number) => string;
}

/** Values over the seconds of a run, from zero. */
export function timeChart({ title, lines, bands, show }: TimeChart): string {
  const all = lines.flatMap(({ points }) => points);
  const endSec = Math.max(1, ...all.map(({ x }) => x));
  const ceiling = niceCeiling(Math.max(...all.map(({ y }) => y), 0));
  const x = (sec: number) => round(left + ((right - left) * sec) / endSec);
  const y = (value: number) => round(bottom - ((bottom - top) * value) / ceiling);
  const shaded = bands.map(
    ({ from, to, label }) =>
      `<rect class="band" x="${x(from)}" y="${top}" width="${round(Math.max(0, x(to) - x(from)))}" height="${bottom - top}"/>` +
      `<text class="quiet" x="${x(from) + 4}" y="${top + 12}">${escapeHtml(label)}</text>`,
  );
  const rules = [0, 0.5, 1].map((share) => horizontal(y(ceiling * share), show(ceiling * share)));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    below(x(endSec * share), `${count(Math.round(endSec * share))} s`, share),
  );
  return svg(title, [...shaded, ...rules, ...ticks, ...lines.map((line) => polyline(line, x, y)), legend(lines)]);
}

/** Percentiles with a tick; the distances double the nines. */
const tickPercentiles = [50, 90, 99, 99.9, 99.99];

/** Times over percentiles, both logarithmic. */
export function percentileChart(
  title: string,
  curves: readonly { readonly label: string; readonly color: string; readonly latency: Latency }[],
): string {
  const shown = curves.map(({ latency, ...line }) => ({
    ...line,
    points: tickPercentiles.map((percentile) => ({ x: percentile, y: Math.max(0.001, msAt(latency, percentile)) })),
  }));
  const values = shown.flatMap(({ points }) => points.map(({ y }) => y));
  const lowDecade = Math.floor(Math.log10(Math.min(...values)));
  const highDecade = Math.max(lowDecade + 1, Math.ceil(Math.log10(Math.max(...values))));
  const nines = (percentile: number) => -Math.log10(1 - percentile / 100);
  const span = nines(99.99) - nines(50);
  const x = (percentile: number) => round(left + ((right - left) * (nines(percentile) - nines(50))) / span);
  const y = (value: number) =>
    round(bottom - ((bottom - top) * (Math.log10(value) - lowDecade)) / (highDecade - lowDecade));
  const rules: string[] = [];
  for (let decade = lowDecade; decade <= highDecade; decade++)
    rules.push(horizontal(y(10 ** decade), decadeText(decade)));
  const ticks = tickPercentiles.map((percentile, at) =>
    below(x(percentile), `p${percentile}`, at / (tickPercentiles.length - 1)),
  );
  return svg(title, [...rules, ...ticks, ...shown.map((line) => polyline(line, x, y)), legend(shown)]);
}

function decadeText(decade: number): string {
  return decade >= 3 ? `${10 ** (decade - 3)} s` : decade >= 0 ? `${10 ** decade} ms` : `${10 ** (decade + 3)} µs`;
}

function horizontal(at: number, label: string): string {
  return (
    `<line class="rule" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>` +
    `<text class="quiet" x="${left - 6}" y="${at + 4}" text-anchor="end">${escapeHtml(label)}</text>`
  );
}

/** @param share how far to the right: the outermost labels stay inside */
function below(at: number, label: string, share: number): string {
  const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
  return `<text class="quiet" x="${at}" y="${bottom + 18}" text-anchor="${anchor}">${escapeHtml(label)}</text>`;
}

function polyline({ color, points }: Line, x: (value: number) => number, y: (value: number) => number): string {
  const path = points.map((point) => `${x(point.x)},${y(point.y)}`).join(' ');
  return `<polyline class="curve" stroke="var(--${color})" points="${path}"/>`;
}

function legend(lines: readonly Pick<Line, 'label' | 'color'>[]): string {
  let at = left;
  return lines
    .map(({ label, color }) => {
      const from = at;
      at += 34 + label.length * 9;
      return (
        `<rect x="${from}" y="${height - 12}" width="10" height="10" rx="2" fill="var(--${color})"/>` +
        `<text x="${from + 15}" y="${height - 3}">${escapeHtml(label)}</text>`
      );
    })
    .join('');
}

function svg(title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join('')}</svg>`;
}

/** 1, 2 or 5 times a power of ten, at or above the value. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** For axes of times. */
export function axisMs(value: number): string {
  return value === 0 ? '0' : ms(value).replace('.00', '').replace('.0 ', ' ');
}
