// @ts-check
/** The report: one self-contained HTML page. Fanfare compared with each peer, row by row; then the figures. */
import { barChart, escapeHtml } from '../shared/charts.mjs';
import { STYLE } from '../shared/style.mjs';
import { percent, sharesOf } from './result.mjs';
import { shortened, titleOf } from './table.mjs';

/** @typedef {import('./result.mjs').Result} Result */
/** @typedef {import('./result.mjs').ResultRow} ResultRow */
/** @typedef {import('./result.mjs').Cell} Cell */

const METHOD = `In every round each server does the same work once, beginning with another one each time; a ratio is taken
within a round, and the median of the rounds is shown. CPU is that of the whole server process, user and system, as the
kernel counts it, divided by the units that were counted: each delivery was checked to arrive once and in order, each
reply to be there, each offset to be the next. Servers have one core, the load client another; it is a compiled program
that waits for all its sockets at once, and where it was the limit a warning says so.`;

/** Ratios beyond these limits are drawn at the edge. */
const LEAST = 0.1;
const MOST = 10;

const PAGE_STYLE = `
.grid { grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
.scroll td:first-child { min-width: 11rem; white-space: normal; }
.row { margin: 0.9rem 0; }
.row > div:first-child { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; font-size: 0.9rem; }
.track { position: relative; height: 1.5rem; border-radius: 0.3rem;
  background: linear-gradient(to right, color-mix(in srgb, var(--met) 22%, var(--card)) 50%, color-mix(in srgb, var(--missed) 18%, var(--card)) 50%); }
.track i { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--rule); }
.track i.even { width: 2px; margin-left: -1px; background: var(--ink); }
.track b { position: absolute; top: 0.375rem; width: 0.75rem; height: 0.75rem; margin-left: -0.375rem; border-radius: 50%;
  border: 1px solid var(--card); }
.axis { position: relative; height: 1.2rem; font-size: 0.75rem; color: var(--muted); }
.axis span { position: absolute; transform: translateX(-50%); }
.axis span:first-child { transform: none; }
.axis span:last-child { transform: translateX(-100%); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0.5rem 0; font-size: 0.875rem; }
.legend b { display: inline-block; width: 0.75rem; height: 0.75rem; margin-right: 0.35rem; border-radius: 50%; }
`;

/** @param {Result} result */
export function renderPage(result) {
  const { startedAt, pinned, rounds, quick, machine, warnings, peers, rows } = result;
  const system = [machine.cpu, `${machine.cores} cores`, `${machine.memoryMib} MiB`, machine.system, machine.node];
  const versions = peers.filter(({ version }) => version !== null).map(({ label, version }) => `${label} ${version}`);
  const about = `${startedAt.slice(0, 16).replace('T', ' ')} UTC · paired rounds: ${rounds}${quick ? ' · short form' : ''}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fanfare and its peers</title>
<style>
${STYLE}${PAGE_STYLE}</style>
</head>
<body>
<h1>Fanfare and its peers</h1>
<p class="muted">${escapeHtml(about)}</p>
<p class="muted">${escapeHtml(versions.join(', '))}</p>
<p class="muted">${escapeHtml(`${system.join(' · ')}${pinned ? '' : ' · not pinned'}`)}</p>
${warnings.length === 0 ? '' : `<ul class="warnings">${warnings.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>`}
<h2>What Fanfare uses of what each of the others uses</h2>
<p class="muted">Logarithmic. Left of the line Fanfare is cheaper, right of it the other one is. What is beyond the scale stands at its end.</p>
${legend(result)}
${axis()}
${rows.map((row) => track(result, row)).join('\n')}
${axis()}
<h2>Ratios</h2>
${ratioTable(result)}
<h2>Figures</h2>
<p class="muted">Medians; dots are single rounds.</p>
<div class="grid">${rows.map((row) => card(result, row)).join('\n')}</div>
<h2>Method</h2>
<p>${METHOD}</p>
</body>
</html>
`;
}

/** The peers for which there is a comparison. @param {Result} result */
function others({ peers, rows }) {
  return peers.filter(({ name }) => rows.some(({ cells }) => cells.some(({ peer, ratio }) => peer === name && ratio)));
}

/** @param {Result} result */
function legend(result) {
  const marks = others(result).map(
    ({ name, label }) => `<span><b style="background: var(--${name})"></b>÷ ${escapeHtml(label)}</span>`,
  );
  return `<div class="legend">${marks.join('')}</div>`;
}

/** @param {number} ratio */
function placeOf(ratio) {
  const share = Math.log(ratio / LEAST) / Math.log(MOST / LEAST);
  return `${(100 * Math.min(0.99, Math.max(0.01, share))).toFixed(1)}%`;
}

function axis() {
  const ticks = [LEAST, 0.2, 0.5, 1, 2, 5, MOST];
  const places = ticks.map((tick, i) => {
    const at = i === 0 ? '0' : i === ticks.length - 1 ? '100%' : placeOf(tick);
    return `<span style="left: ${at}">${tick}×</span>`;
  });
  return `<div class="axis">${places.join('')}</div>`;
}

/**
 * @param {Result} result
 * @param {ResultRow} row
 */
function track(result, row) {
  const labels = new Map(result.peers.map(({ name, label }) => [name, label]));
  const shown = row.cells.flatMap(({ peer, ratio }) =>
    ratio ? [{ peer, label: labels.get(peer) ?? peer, ratio }] : [],
  );
  if (shown.length === 0) return '';
  const marks = shown.map(
    ({ peer, label, ratio }) =>
      `<b style="left: ${placeOf(ratio.median)}; background: var(--${peer})" title="${escapeHtml(`${label}: ${ratio.median.toFixed(2)}×`)}"></b>`,
  );
  const grid = [0.2, 0.5, 2, 5].map((tick) => `<i style="left: ${placeOf(tick)}"></i>`).join('');
  const said = shown.map(({ label, ratio }) => `${label} ${ratio.median.toFixed(2)}×`).join(', ');
  return `<div class="row"><div><span>${escapeHtml(titleOf(row))}</span></div>
<div class="track" role="img" aria-label="${escapeHtml(said)}">${grid}<i class="even" style="left: 50%"></i>${marks.join('')}</div></div>`;
}

/** @param {Result} result */
function ratioTable(result) {
  const columns = others(result);
  const head = columns.map(({ label }) => `<th>÷ ${escapeHtml(label)}</th>`).join('');
  const lines = result.rows.map((row) => {
    const cells = columns.map(
      ({ name }) =>
        `<td>${ratioText(
          row,
          row.cells.find(({ peer }) => peer === name),
        )}</td>`,
    );
    return `<tr><td>${escapeHtml(titleOf(row))}</td>${cells.join('')}</tr>`;
  });
  return `<div class="card scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}

/**
 * @param {ResultRow} row
 * @param {Cell | undefined} cell
 */
function ratioText({ row: { aims = [] } }, cell) {
  if (!cell?.ratio) return '–';
  const { median } = cell.ratio;
  const aim = aims.find(({ versus }) => versus === cell.peer);
  const text = `${median.toFixed(2)}×`;
  if (!aim) return text;
  const [verdict, mark] = median <= aim.atMost ? ['met', '✓'] : ['missed', '✗'];
  return `<span class="${verdict}">${text} ${mark} ≤ ${aim.atMost}</span>`;
}

/**
 * @param {Result} result
 * @param {ResultRow} row
 */
function card(result, row) {
  const labels = new Map(result.peers.map(({ name, label }) => [name, label]));
  const bars = row.cells.map(({ peer, value, rounds }) => ({
    label: labels.get(peer) ?? peer,
    color: peer,
    value,
    rounds,
  }));
  if (bars.length === 0) return '';
  const title = titleOf(row);
  const chart = barChart({ title, bars, show: (value) => `${shortened(value)} ${row.row.unit}` });
  const client = Math.max(...bars.map(({ color }) => sharesOf(result, row.scenario, color)?.client ?? 0));
  const load = client > 0 ? `<p class="muted">load client: at most ${percent(client)} of its core</p>` : '';
  return `<div class="card"><h3>${escapeHtml(title)}</h3>${chart}${load}</div>`;
}
