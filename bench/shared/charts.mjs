// @ts-check
/** Two SVG charts: bars with a dot per round, and latency over percentiles. */

export const WIDTH = 340;

/** @typedef {{ label: string, color: string, value: number, rounds: number[] }} Bar */

/**
 * Horizontal bars from zero, with a dot per round.
 * @param {{ title: string, bars: Bar[], show: (value: number) => string }} chart
 */
export function barChart({ title, bars, show }) {
  const rowHeight = 46;
  const valueRoom = 72;
  const most = Math.max(...bars.flatMap(({ value, rounds }) => [value, ...rounds]), Number.MIN_VALUE);
  const x = (/** @type {number} */ value) => round(((WIDTH - valueRoom) * Math.max(0, value)) / most);
  const rows = bars.map(({ label, color, value, rounds }, i) => {
    const top = i * rowHeight;
    const dots = rounds.map((each) => `<circle class="dot" cx="${x(each)}" cy="${top + 30}" r="2.5"/>`).join('');
    const textAt = Math.max(x(value), ...rounds.map(x)) + 8;
    return (
      `<text x="0" y="${top + 14}">${escapeHtml(label)}</text>` +
      `<rect x="0" y="${top + 21}" width="${x(value)}" height="18" rx="3" fill="var(--${color})"/>${dots}` +
      `<text x="${textAt}" y="${top + 34}">${escapeHtml(show(value))}</text>`
    );
  });
  return svg(title, bars.length * rowHeight, rows.join(''));
}

/** @typedef {{ label: string, color: string, points: { percentile: number, ms: number }[] }} Curve */

/** Percentiles with a tick on the axis; distances double the nines, as in HDR plots. */
const TICKS = [50, 90, 99, 99.9];
const FIRST_PERCENTILE = 50;
const LAST_PERCENTILE = 99.9;

/**
 * Latency over percentiles, both logarithmic.
 * @param {{ title: string, curves: Curve[] }} chart
 */
export function latencyChart({ title, curves }) {
  const [left, right, top, bottom] = [46, WIDTH - 18, 10, 196];
  const shown = curves.map((curve) => ({
    ...curve,
    points: curve.points.filter(({ percentile }) => percentile >= FIRST_PERCENTILE && percentile <= LAST_PERCENTILE),
  }));
  const all = shown.flatMap(({ points }) => points.map(({ ms }) => ms));
  const lowDecade = Math.floor(Math.log10(Math.min(...all)));
  const highDecade = Math.max(lowDecade + 1, Math.ceil(Math.log10(Math.max(...all))));
  const nines = (/** @type {number} */ percentile) => -Math.log10(1 - percentile / 100);
  const span = nines(LAST_PERCENTILE) - nines(FIRST_PERCENTILE);
  const x = (/** @type {number} */ percentile) =>
    round(left + ((right - left) * (nines(percentile) - nines(FIRST_PERCENTILE))) / span);
  const y = (/** @type {number} */ ms) =>
    round(bottom - ((bottom - top) * (Math.log10(ms) - lowDecade)) / (highDecade - lowDecade));
  const parts = [];
  for (let decade = lowDecade; decade <= highDecade; decade++) {
    const at = y(10 ** decade);
    parts.push(`<line class="rule" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>`);
    parts.push(`<text class="quiet" x="${left - 6}" y="${at + 4}" text-anchor="end">${duration(10 ** decade)}</text>`);
  }
  for (const tick of TICKS) {
    parts.push(`<line class="rule" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${bottom}"/>`);
    parts.push(`<text class="quiet" x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">p${tick}</text>`);
  }
  for (const { color, points } of shown) {
    const path = points.map(({ percentile, ms }) => `${x(percentile)},${y(ms)}`).join(' ');
    parts.push(`<polyline class="curve" stroke="var(--${color})" points="${path}"/>`);
  }
  shown.forEach(({ label, color }, i) => {
    const at = left + i * 106;
    parts.push(`<rect x="${at}" y="${bottom + 29}" width="10" height="10" rx="2" fill="var(--${color})"/>`);
    parts.push(`<text x="${at + 15}" y="${bottom + 38}">${escapeHtml(label)}</text>`);
  });
  return svg(title, bottom + 46, parts.join(''));
}

/**
 * @param {string} title
 * @param {number} height
 * @param {string} body
 */
export function svg(title, height, body) {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${body}</svg>`;
}

/** @param {number} ms */
function duration(ms) {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

/** @param {number} value */
export function round(value) {
  return Math.round(value * 100) / 100;
}

/** @param {string} text */
export function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
