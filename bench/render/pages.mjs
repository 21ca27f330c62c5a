// @ts-check
/** The parts of the pages that come from result files: tables between markers, and what the calculator prints. */

import { CONTENDERS } from '../brokers/contenders.mjs';
import { allCpuUs } from '../brokers/result.mjs';
import { labelOf, micros, reachedText } from '../brokers/table.mjs';
import { whole } from '../end-to-end/table.mjs';
import { shortened, titleOf } from '../peers/table.mjs';
import { figureOf } from '../shared/figures.mjs';

/** @typedef {import('./measured.mjs').Results} Results */
/** @typedef {import('../../src/cli/plan/measured-types.js').Measured} Measured */
/** @typedef {Pick<typeof import('../../src/cli/plan/use.js'), 'cpuUse' | 'sumOf' | 'brokerUse'>} Calculator */

/**
 * A page with everything between `<!-- NAME:start -->` and `<!-- NAME:end -->` replaced.
 * @param {string} page
 * @param {Record<string, string>} parts by name; those without a place on the page are ignored
 */
export function withParts(page, parts) {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) return text;
    return `${text.slice(0, from + start.length)}\n\n${part}\n\n${text.slice(to)}`;
  }, page);
}

/**
 * @param {Results} results
 * @param {Measured} measured
 * @param {Calculator} calculator
 * @returns {Record<string, string>} by name
 */
export function partsFrom(results, measured, calculator) {
  return {
    brokers: brokersPart(results.brokers),
    growth: growthPart(results.brokers),
    check: checkPart(results.capacity, measured, calculator),
    peers: peersPart(results.peers),
  };
}

/** @param {import('../brokers/result.mjs').BrokersResult} result */
function brokersPart({ startedAt, machine, plan, loads, comparisons }) {
  const spread = loads.find(({ load }) => load === 'spread')?.medians ?? [];
  const single = loads.find(({ load }) => load === 'single')?.medians ?? [];
  const rows = spread.map(({ contender, figures }) => {
    const alone = single.find((each) => each.contender === contender)?.figures;
    return [
      labelOf(contender),
      whole(figureOf(figures, 'publicationsPerSec')),
      micros(figureOf(figures, 'nodesCpuUs')),
      contenderHasService(contender) ? micros(figureOf(figures, 'serviceCpuUs')) : '–',
      whole(figureOf(figures, 'publicationsPerCpuSec')),
      alone ? micros(figureOf(alone, 'nodesCpuUs')) : '',
    ];
  });
  const head = [
    '',
    'publications/s',
    'CPU of nodes',
    'of the broker',
    'publications a CPU second',
    'CPU of nodes, one at a time',
  ];
  const times = comparisons
    .filter(({ load }) => load !== 'single')
    .map(({ load, versus, nodes, least, most }) => {
      const how = load === 'spread' ? 'each to another channel' : 'eight in a row to one channel';
      return `- ${how}: **${nodes.toFixed(1)} times** (${least.toFixed(1)} to ${most.toFixed(1)}) what ${labelOf(versus)}, carries`;
    });
  const caveat = plan.name === 'full' ? '' : 'Of a short run on a busy machine, to be replaced: ';
  return `${caveat}Three nodes on ${machine.cores} cores of a virtual machine (${machine.cpu}, Node ${machine.node.slice(1)}), ${startedAt.slice(0, 10)}, one publishes, 96 channels with a
subscriber each on the others, 128 bytes, medians of ${counted(plan.rounds, 'paired round')}, per publication and with its delivery over
WebSocket. In a second of the nodes' CPU, Fanfare carries over Redis, with publications that are made together and go

${times.join('\n')}

${table([head, ...rows])}`;
}

/** @param {string} contender */
function contenderHasService(contender) {
  return (CONTENDERS[contender]?.service ?? null) !== null;
}

/** @param {import('../brokers/result.mjs').BrokersResult} result */
function growthPart({ plan, growth }) {
  const contenders = growth[0]?.medians.map(({ contender }) => contender) ?? [];
  const cell = (/** @type {string} */ contender, /** @type {typeof growth[number]} */ { medians }) => {
    const median = medians.find((each) => each.contender === contender);
    return median ? `${micros(allCpuUs(median.figures))}, ${Number(reachedText(median.reached))} reached` : '';
  };
  const head = ['', ...growth.map(({ nodes }) => (nodes === 1 ? '1 node' : `${nodes} nodes`))];
  const rows = contenders.map((contender) => [labelOf(contender), ...growth.map((each) => cell(contender, each))]);
  return `CPU of all nodes and Redis per publication, at ${plan.growth.load.ratePerSec} a second in all, when a channel's subscribers are on one
node; and how many nodes it has reached through Redis:

${table([head, ...rows])}`;
}

/** Less of it is cheaper, and it is never next to nothing: a share of it tells something. */
const COSTS = new Set(['µs', 'ms', 's', 'KiB']);

/**
 * Fanfare's use as a share of each of the others', and in figures what has no share.
 * @param {import('../peers/result.mjs').Result} result
 */
export function peersPart({ startedAt, machine, rounds, peers, rows, warnings }) {
  const isShare = (/** @type {typeof rows[number]} */ { row, cells }) =>
    COSTS.has(row.unit) && cells.some(({ ratio }) => ratio);
  const versions = peers.flatMap(({ label, version }) => (version === null ? [] : [`${label} ${version}`]));
  return `${machine.cores} cores of a virtual machine (${machine.cpu}, Node ${machine.node.slice(1)}), ${startedAt.slice(0, 10)}, medians of ${counted(rounds, 'paired round')}; ${versions.join(', ')}.
Fanfare's figure divided by the other's, so that below 1 Fanfare is cheaper; what is below 1.2 on either side is noise:

${shares(peers, rows.filter(isShare))}

And what has no share:

${figures(
  peers,
  rows.filter((row) => !isShare(row)),
)}

${warnings.map((each) => `- ${each}`).join('\n')}`;
}

/** @typedef {import('../peers/result.mjs').Result} PeersResult */

/** @param {PeersResult['peers']} peers @param {PeersResult['rows']} rows */
function shares(peers, rows) {
  const others = peers.filter(({ name }) =>
    rows.some(({ cells }) => cells.some(({ peer, ratio }) => peer === name && ratio)),
  );
  const lines = rows.map((row) => [
    titleOf(row),
    ...others.map(({ name }) => {
      const ratio = row.cells.find(({ peer }) => peer === name)?.ratio;
      if (!ratio) return '';
      const aim = row.row.aims.find(({ versus }) => versus === name);
      return `${ratio.median.toFixed(2)}${aim ? ` (aim ${aim.atMost})` : ''}`;
    }),
  ]);
  return table([['', ...others.map(({ label }) => `÷ ${label}`)], ...lines]);
}

/** @param {PeersResult['peers']} peers @param {PeersResult['rows']} rows */
function figures(peers, rows) {
  const shown = peers.filter(({ name }) => rows.some(({ cells }) => cells.some(({ peer }) => peer === name)));
  const lines = rows.map((row) => [
    `${titleOf(row)}${row.row.unit === '' ? '' : `, ${row.row.unit}`}`,
    ...shown.map(({ name }) => {
      const cell = row.cells.find(({ peer }) => peer === name);
      return cell === undefined ? '' : shortened(cell.value);
    }),
  ]);
  return table([['', ...shown.map(({ label }) => label)], ...lines]);
}

/**
 * The calculated use of a load, and what it used when it was run.
 * @param {import('../capacity.mjs').CapacityResult} result
 * @param {Measured} measured
 * @param {Calculator} calculator
 */
export function checkPart({ load, medians }, measured, { cpuUse, sumOf, brokerUse }) {
  const { channels, subscribersPerChannel, ratePerSec, payloadBytes, nodes } = load;
  const connections = channels * subscribersPerChannel;
  const planned = {
    connections,
    ratePerSec,
    fanout: subscribersPerChannel,
    payloadBytes,
    connectsPerSec: 0,
    history: false,
  };
  const nodesCores = nodes * sumOf(cpuUse(measured, planned, 'redis', nodes));
  const nodesBytes = nodes * measured.processBytes + connections * measured.connectionBytes;
  const row = (
    /** @type {string} */ what,
    /** @type {number} */ foretold,
    /** @type {number} */ seen,
    /** @type {(value: number) => string} */ show,
  ) => [what, show(foretold), show(seen), (foretold / seen).toFixed(2)];
  const percent = (/** @type {number} */ cores) => `${(cores * 100).toFixed(1)} % of a core`;
  const mib = (/** @type {number} */ bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;
  return `${table([
    ['', 'calculated', 'measured', 'ratio'],
    row('CPU of the nodes', nodesCores, medians.checked.nodesCores, percent),
    row('CPU of Redis', brokerUse(measured, planned, 'redis', nodes), medians.checked.brokerCores, percent),
    row('memory of the nodes', nodesBytes, medians.checked.nodesBytes, mib),
  ])}`;
}

/**
 * @param {number} count
 * @param {string} what
 */
function counted(count, what) {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** @param {string[][]} rows */
function table([head = [], ...rows]) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/**
 * A page with the output of each of its `npx fanfare plan …`, in the `text` block after it.
 * @param {string} page
 * @param {(args: string[]) => Promise<string>} print
 */
export async function withPlans(page, print) {
  let text = page;
  const blocks = /(```sh\nnpx fanfare plan ([^\n|]*)\n```\n\n```text\n)[\s\S]*?(```\n)/g;
  for (const [block, before = '', args = '', after = ''] of page.matchAll(blocks)) {
    text = text.replace(block, before + (await print(args.trim().split(/\s+/))) + after);
  }
  return text;
}
