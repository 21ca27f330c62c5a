// @ts-check
/** The report: one self-contained HTML page with the comparison, the plots, the tables and the method. */

import { barChart, escapeHtml, latencyChart } from '../shared/charts.mjs';
import { figureOf } from '../shared/figures.mjs';
import { STYLE } from '../shared/style.mjs';
import { figuresOf } from './result.mjs';
import { describeScenario, headlineMetric, SERVER_LABELS } from './scenarios.mjs';
import { COLUMNS } from './table.mjs';

/** @typedef {import('./result.mjs').Result} Result */

/** @type {Record<'rssBytesPerConnection' | 'cpuUsPerDelivery', { title: string, show: (value: number) => string }>} */
const HEADLINES = {
  rssBytesPerConnection: {
    title: 'Server memory per idle connection',
    show: (bytes) => `${(bytes / 1024).toFixed(1)} KiB`,
  },
  cpuUsPerDelivery: { title: 'Server CPU per delivery', show: (us) => `${us.toFixed(2)} µs` },
};

const METHOD = `In every round each server runs once per scenario, beginning with another one each time; a ratio is
taken within a round, and the median of the rounds is shown. Dots are single rounds. CPU is that of the whole server
process, system calls included, divided by the publications that arrived; every one of them was checked to arrive once
and in order. Latency runs from the moment a publication was due to its arrival, so a server that falls behind shows it.
Memory is what the server's resident memory, after garbage collection, grew by per connection; V8's young generation, a
fixed cost of the process that grows in the same time, is in it and is taken out in the column beside. Fanfare's
clients carry tokens and are on a channel with history.`;

/** @param {Result} result */
export function renderReport(result) {
  const { startedAt, pinned, plan, machine, scenarios, warnings, ratios } = result;
  const processes = `Server and load client are separate processes${pinned ? ', each tied to a core of its own' : ''}.`;
  const system = [machine.cpu, `${machine.cores} cores`, `${machine.memoryMib} MiB`, machine.system, machine.node];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fanfare benchmark</title>
<style>
${STYLE}</style>
</head>
<body>
<h1>Fanfare benchmark</h1>
<p class="muted">${escapeHtml(`${startedAt.slice(0, 16).replace('T', ' ')} UTC · paired rounds: ${plan.rounds} · ${versionsOf(result)}`)}</p>
<p class="muted">${escapeHtml(system.join(' · '))}</p>
${warningList(warnings)}
${ratios.length === 0 ? '' : `<h2>Fanfare beside the others</h2>\n<div class="tiles">${ratios.map(tile).join('\n')}</div>`}
${scenarios.map((each) => section(plan, each)).join('\n')}
<h2>Method</h2>
<p>${processes} ${METHOD}</p>
</body>
</html>
`;
}

/** @param {Result} result */
function versionsOf({ servers, versions }) {
  return servers.map((server) => `${SERVER_LABELS[server]} ${versions[server] ?? ''}`).join(', ');
}

/** @param {string[]} warnings */
function warningList(warnings) {
  if (warnings.length === 0) return '';
  return `<ul class="warnings">${warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join('')}</ul>`;
}

/** @param {import('../shared/figures.mjs').Ratio} ratio */
function tile({ scenario, versus, median, least, most, atMost, met }) {
  const [verdict, mark] = met ? ['met', '✓'] : ['missed', '✗'];
  return `<div class="tile">${escapeHtml(`${scenario} ÷ ${SERVER_LABELS[versus]}`)}<b class="${verdict}">${median.toFixed(2)}×</b>
<span class="muted">${mark} aim ≤ ${atMost} · ${least.toFixed(2)}–${most.toFixed(2)}</span></div>`;
}

/**
 * @param {Result['plan']} plan
 * @param {Result['scenarios'][number]} measured
 */
function section(plan, { scenario: name, medians, rounds }) {
  const scenario = plan.scenarios[name];
  if (!scenario) return '';
  const metric = headlineMetric(scenario);
  const { title, show } = HEADLINES[metric];
  const bars = medians.map(({ server, figures }) => ({
    label: SERVER_LABELS[server],
    color: server,
    value: figureOf(figures, metric),
    rounds: figuresOf(rounds, server).map((each) => figureOf(each, metric)),
  }));
  const charts = [card(title, barChart({ title, bars, show }))];
  if (scenario.kind === 'delivery') {
    const curves = medians.map(({ server, figures }) => ({
      label: SERVER_LABELS[server],
      color: server,
      points: figures.latency,
    }));
    charts.push(card('Latency by percentile', latencyChart({ title: 'Latency by percentile', curves })));
  }
  return `<h2>${escapeHtml(describeScenario(scenario))}</h2>
<div class="grid">${charts.join('\n')}</div>
${table(scenario.kind, medians)}`;
}

/**
 * @param {string} title
 * @param {string} chart
 */
function card(title, chart) {
  return `<div class="card"><h3>${escapeHtml(title)}</h3>${chart}</div>`;
}

/**
 * @param {'idle' | 'delivery'} kind
 * @param {Result['scenarios'][number]['medians']} medians
 */
function table(kind, medians) {
  const columns = COLUMNS[kind];
  const head = columns.map(({ name }) => `<th>${escapeHtml(name)}</th>`).join('');
  const rows = medians.map(({ server, figures }) => {
    const cells = columns.map(({ show }) => `<td>${escapeHtml(show(figures))}</td>`).join('');
    return `<tr><td>${escapeHtml(SERVER_LABELS[server])}</td>${cells}</tr>`;
  });
  return `<div class="card scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
