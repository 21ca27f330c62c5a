/** The result of a run as lines for a terminal. */

import type { Terminal } from '../terminal.js';
import { type Latency, type LoadResult, msAt } from './result.js';
import { count, errorList, ms, percent } from './texts.js';
import { distributions } from './thresholds.js';

const labelWidth = 14;

export function summaryOf(result: LoadResult, style: Terminal['style']): string[] {
  const { connections, counts, errors, expected, lost, latency, serverCpu, thresholds, warnings } = result;
  const row = (label: string, text: string) => `${label.padEnd(labelWidth)}${text}`;
  const times = distributions.filter((name) => latency[name].count > 0);
  const wrong = [
    [lost, 'lost'],
    [counts.duplicates, 'twice'],
    [counts.misordered, 'out of order'],
  ] as const;
  const faults = wrong.filter(([many]) => many > 0).map(([many, what]) => `${count(many)} ${what}`);
  return [
    '',
    row(
      'connections',
      `${count(connections.ready)} of ${count(connections.wanted)} in ${connections.rampSec.toFixed(1)} s`,
    ),
    row('publications', `${count(counts.accepted)} accepted, ${count(result.publicationsPerSec)}/s`),
    row(
      'deliveries',
      `${count(counts.deliveries)} of ${count(expected)} due, ${count(result.deliveriesPerSec)}/s` +
        (faults.length === 0 ? ', each once and in order' : `, ${style('red', faults.join(', '))}`),
    ),
    ...(counts.cut > 0
      ? [row('storm', `${count(counts.cut)} cut, ${count(counts.recovered)} deliveries recovered`)]
      : []),
    ...(counts.slowCut > 0 ? [row('slow readers', `${count(counts.slowCut)} closed by the server`)] : []),
    ...times.map((name) => row(name, curveText(latency[name]))),
    ...(serverCpu === undefined
      ? []
      : [
          row(
            'server',
            `${serverCpu.usPerDelivery.toFixed(2)} µs of CPU for a delivery, ${percent(serverCpu.share)} of a core`,
          ),
        ]),
    row('errors', errorList(Object.entries(errors))),
    ...warnings.map((warning) => `${style('yellow', 'warning')} ${warning}`),
    ...thresholds.map(({ name, condition, measured, met }) => {
      const value = measured === undefined ? 'not measured' : formatted(name, measured);
      return `${met ? style('green', 'met') : style('red', 'missed')} ${name} ${condition}: ${value}`;
    }),
  ];
}

export function curveText(latency: Latency): string {
  const at = (percentile: number) => ms(msAt(latency, percentile));
  return `p50 ${at(50)}, p90 ${at(90)}, p99 ${at(99)}, p99.9 ${at(99.9)}, max ${at(100)}`;
}

/** Of a threshold. */
export function formatted(name: string, measured: number): string {
  return /\.(mean|max|p[\d.]+)$/.test(name) ? ms(measured) : count(measured);
}
