// @ts-check
/** The brokers' report: one self-contained HTML page with the comparison, the plots, the tables and the method. */

import { barChart, escapeHtml } from '../shared/charts.mjs';
import { figureOf } from '../shared/figures.mjs';
import { growthChart } from '../shared/growth-chart.mjs';
import { STYLE } from '../shared/style.mjs';
import { CONTENDERS } from './contenders.mjs';
import { describeLoad } from './plan.mjs';
import { allCpuUs } from './result.mjs';
import { COLUMNS, labelOf, micros, reachedText } from './table.mjs';

/** @typedef {import('./result.mjs').BrokersResult} BrokersResult */

const METHOD = `In every round each row runs once per load, beginning with another one each time; a ratio is taken within
a round, and the median of the rounds is shown. Dots are single rounds. The first node publishes, in its own process; the
subscribers, real WebSocket connections, are on the others. CPU is that of the whole processes, system calls and the
delivery to the subscriber included, divided by the publications; every one of them was checked to arrive once and in order.
Fanfare's publications are acknowledged by the broker; Socket.IO's adapter has no acknowledgement.`;

/** @param {BrokersResult} result */
export function renderPage(result) {
  const { startedAt, plan, machine, loads, growth, comparisons, warnings } = result;
  const system = [machine.cpu, `${machine.cores} cores`, `${machine.memoryMib} MiB`, machine.system, machine.node];
  const versions = [
    ...new Set(Object.entries(result.versions).map(([name, version]) => `${product(name)} ${version}`)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fanfare: brokers</title>
<style>
${STYLE}</style>
</head>
<body>
<h1>Brokers</h1>
<p class="muted">${escapeHtml(`${startedAt.slice(0, 16).replace('T', ' ')} UTC · paired rounds: ${plan.rounds} · ${versions.join(', ')}`)}</p>
<p class="muted">${escapeHtml(system.join(' · '))}</p>
${warnings.map((warning) => `<p class="muted">${escapeHtml(warning)}</p>`).join('\n')}
<h2>Publications per CPU second of the nodes</h2>
<div class="tiles">${comparisons.map(tile).join('\n')}</div>
${loads.map((each) => loadSection(plan, each)).join('\n')}
${growth.length > 1 ? growthSection(growth) : ''}
<h2>Method</h2>
<p>${METHOD}</p>
</body>
</html>
`;
}

/** @param {string} contender */
function product(contender) {
  return contender.startsWith('socketio') ? 'Socket.IO' : 'Fanfare';
}

/** @param {string} contender */
function colorOf(contender) {
  if (contender === 'socketio-sharded') return 'ws';
  return CONTENDERS[contender]?.dialect ?? 'ws';
}

/** @param {import('./result.mjs').Comparison} comparison */
function tile({ load, versus, nodes, least, most, atLeast }) {
  const verdict = atLeast === null ? '' : nodes >= atLeast ? 'met' : 'missed';
  const aim = atLeast === null ? '' : `${verdict === 'met' ? '✓' : '✗'} aim ≥ ${atLeast} · `;
  return `<div class="tile">${escapeHtml(`${load} ÷ ${labelOf(versus)}`)}<b class="${verdict}">${nodes.toFixed(2)}×</b>
<span class="muted">${aim}${least.toFixed(2)}–${most.toFixed(2)}</span></div>`;
}

/**
 * @param {BrokersResult['plan']} plan
 * @param {BrokersResult['loads'][number]} measured
 */
function loadSection(plan, { load, medians, rounds }) {
  const bars = medians.map(({ contender, figures }) => ({
    label: labelOf(contender),
    color: colorOf(contender),
    value: figureOf(figures, 'nodesCpuUs'),
    rounds: rounds.flatMap((round) => round[contender] ?? []).map((each) => figureOf(each.figures, 'nodesCpuUs')),
  }));
  const title = 'CPU of all nodes per publication';
  const head = COLUMNS.map(({ name }) => `<th>${escapeHtml(name)}</th>`).join('');
  const rows = medians.map(
    ({ contender, figures }) =>
      `<tr><td>${escapeHtml(labelOf(contender))}</td>${COLUMNS.map(({ show }) => `<td>${escapeHtml(show(figures))}</td>`).join('')}</tr>`,
  );
  return `<h2>${escapeHtml(describeLoad(plan.loads[/** @type {import('./plan.mjs').LoadName} */ (load)]))}</h2>
<div class="grid"><div class="card"><h3>${title}</h3>${barChart({ title, bars, show: micros })}</div></div>
<div class="card scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** @param {BrokersResult['growth']} growth */
function growthSection(growth) {
  const contenders = growth[0]?.medians.map(({ contender }) => contender) ?? [];
  const curves = (/** @type {(median: import('./result.mjs').Median) => number} */ figure) =>
    contenders.map((contender) => ({
      label: labelOf(contender),
      color: colorOf(contender),
      points: growth.flatMap(({ nodes, medians }) => {
        const median = medians.find((each) => each.contender === contender);
        return median ? [{ nodes, value: figure(median) }] : [];
      }),
    }));
  const cpu = {
    title: 'CPU of nodes and broker per publication, µs',
    curves: curves(({ figures }) => allCpuUs(figures)),
  };
  const reach = {
    title: 'Nodes that a publication reaches through the broker',
    curves: curves(({ reached }) => Number(reachedText(reached))),
  };
  const cards = [cpu, reach].map((chart) => `<div class="card"><h3>${chart.title}</h3>${growthChart(chart)}</div>`);
  return `<h2>More nodes, with all subscribers of a channel on one of them</h2>\n<div class="grid">${cards.join('\n')}</div>`;
}
