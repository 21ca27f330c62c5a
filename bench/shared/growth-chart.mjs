// @ts-check
/** An SVG chart: a figure over the number of nodes. */
import { escapeHtml, round, svg, WIDTH } from './charts.mjs';

/** @typedef {{ label: string, color: string, points: { nodes: number, value: number }[] }} GrowthCurve */

/**
 * Both axes are linear, and the vertical one starts at zero.
 * @param {{ title: string, curves: GrowthCurve[] }} chart
 */
export function growthChart({ title, curves }) {
  const [left, right, top, bottom] = [46, WIDTH - 18, 10, 196];
  const points = curves.flatMap((curve) => curve.points);
  const mostNodes = Math.max(...points.map(({ nodes }) => nodes));
  const most = niceAbove(Math.max(...points.map(({ value }) => value)));
  const x = (/** @type {number} */ nodes) => round(left + ((right - left) * nodes) / mostNodes);
  const y = (/** @type {number} */ value) => round(bottom - ((bottom - top) * value) / most);
  const parts = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const value = share * most;
    parts.push(`<line class="rule" x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/>`);
    parts.push(`<text class="quiet" x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${round(value)}</text>`);
  }
  for (const nodes of new Set(points.map((point) => point.nodes))) {
    const label = nodes === 1 ? '1 node' : `${nodes}`;
    parts.push(`<text class="quiet" x="${x(nodes)}" y="${bottom + 16}" text-anchor="middle">${label}</text>`);
  }
  curves.forEach(({ label, color, points: own }, i) => {
    const path = own.map(({ nodes, value }) => `${x(nodes)},${y(value)}`).join(' ');
    parts.push(`<polyline class="curve" stroke="var(--${color})" points="${path}"/>`);
    for (const { nodes, value } of own)
      parts.push(`<circle cx="${x(nodes)}" cy="${y(value)}" r="3" fill="var(--${color})"/>`);
    const at = bottom + 29 + i * 18;
    parts.push(`<rect x="${left}" y="${at}" width="10" height="10" rx="2" fill="var(--${color})"/>`);
    parts.push(`<text x="${left + 15}" y="${at + 9}">${escapeHtml(label)}</text>`);
  });
  return svg(title, bottom + 34 + curves.length * 18, parts.join(''));
}

/**
 * The next 1, 2, 4 or 8 times a power of ten.
 * @param {number} value
 */
function niceAbove(value) {
  const decade = 10 ** Math.floor(Math.log10(Math.max(value, Number.MIN_VALUE)));
  return [1, 2, 4, 8, 10].map((step) => step * decade).find((step) => step >= value) ?? value;
}
