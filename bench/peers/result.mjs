// @ts-check
/** The result of a run: medians over the rounds, paired ratios, and what a reader must know to trust them. */
import { median } from '../shared/figures.mjs';
import { SCENARIOS } from './scenarios.mjs';

/** @typedef {import('./peers.mjs').PeerName} PeerName */
/** @typedef {import('./scenarios.mjs').Outcome} Outcome */
/** @typedef {Partial<Record<PeerName, Outcome>>} Round */

/**
 * @typedef {object} Run
 * @property {string} startedAt
 * @property {ReturnType<typeof import('../shared/machine.mjs').describeMachine>} machine
 * @property {boolean} pinned
 * @property {boolean} quick
 * @property {number} rounds
 * @property {{ name: PeerName, label: string, missing: string | null, version: string | null }[]} peers
 * @property {Record<string, Round[]>} measured by scenario
 * @property {{ scenario: string, missing: string }[]} skipped
 * @property {Record<string, string>} [earlier] days of scenarios that were measured before `startedAt`
 */

/**
 * @typedef {object} Cell a figure of one server
 * @property {PeerName} peer
 * @property {number} value median
 * @property {number[]} rounds
 * @property {{ median: number, least: number, most: number } | null} ratio Fanfare's share of it, taken within rounds
 */

/** @typedef {{ scenario: string, row: import('./scenarios.mjs').Row, cells: Cell[] }} ResultRow */

/** @typedef {Run & { rows: ResultRow[], warnings: string[] }} Result */

const BUSY_MACHINE = 0.1;
const SATURATED_CLIENT = 0.9;

/**
 * @param {Run} run
 * @returns {Result}
 */
export function makeResult(run) {
  const rows = Object.entries(run.measured)
    .flatMap(([scenario, rounds]) =>
      (SCENARIOS[scenario]?.rows ?? []).map((row) => ({ scenario, row, cells: cellsOf(run, rounds, row.figure) })),
    )
    .filter(({ cells }) => cells.length > 0);
  return { ...run, rows, warnings: warningsOf(run) };
}

/**
 * The earlier result with the scenarios of a later run in place of its own.
 * @param {Run} before
 * @param {Run} run
 * @returns {Run}
 */
export function renewed(before, run) {
  const day = before.startedAt.slice(0, 10);
  const ofTheDay = run.startedAt.slice(0, 10);
  const days = Object.keys(before.measured)
    .filter((scenario) => !(scenario in run.measured))
    .map((scenario) => [scenario, before.earlier?.[scenario] ?? day]);
  return {
    ...run,
    peers: before.peers.map((old) => {
      const { version, ...peer } = run.peers.find(({ name }) => name === old.name) ?? old;
      return { ...peer, version: version ?? old.version };
    }),
    measured: inOrder({ ...before.measured, ...run.measured }),
    skipped: [...before.skipped.filter(({ scenario }) => !(scenario in run.measured)), ...run.skipped],
    earlier: Object.fromEntries(days.filter(([, measured]) => measured !== ofTheDay)),
  };
}

/** @param {Run['measured']} measured */
function inOrder(measured) {
  return Object.fromEntries(Object.keys(SCENARIOS).flatMap((name) => (measured[name] ? [[name, measured[name]]] : [])));
}

/**
 * @param {Run} run
 * @param {Round[]} rounds
 * @param {string} figure
 * @returns {Cell[]}
 */
function cellsOf({ peers }, rounds, figure) {
  return peers.flatMap(({ name }) => {
    const values = rounds.flatMap((round) => round[name]?.figures[figure] ?? []);
    if (values.length === 0) return [];
    const ratios = rounds.flatMap(({ fanfare, [name]: other }) => {
      const [own, others] = [fanfare?.figures[figure], other?.figures[figure]];
      return own !== undefined && others ? [own / others] : [];
    });
    const ratio =
      name === 'fanfare' || ratios.length === 0
        ? null
        : { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
    return [{ peer: name, value: median(values), rounds: values, ratio }];
  });
}

/**
 * Median shares of their cores used by server, load client and all other processes; null if not measured.
 * @param {Pick<Run, 'measured'>} run
 * @param {string} scenario
 * @param {PeerName} peer
 */
export function sharesOf({ measured }, scenario, peer) {
  const uses = (measured[scenario] ?? []).flatMap((round) => round[peer]?.use ?? []);
  if (uses.length === 0) return null;
  return {
    server: median(uses.map(({ serverShare }) => serverShare)),
    client: median(uses.map(({ clientShare }) => clientShare)),
    others: median(uses.map(({ othersShare }) => othersShare)),
  };
}

/** @param {Run} run */
function warningsOf(run) {
  const { pinned, peers, measured, skipped, earlier = {} } = run;
  const warnings = peers.flatMap(({ label, missing }) => (missing ? [`${label} was not measured: ${missing}`] : []));
  warnings.push(...skipped.map(({ scenario, missing }) => `${scenario} was not measured: ${missing}`));
  for (const day of new Set(Object.values(earlier))) {
    const scenarios = Object.keys(earlier).filter((scenario) => earlier[scenario] === day);
    warnings.push(`measured on ${day}: ${scenarios.join(', ')}`);
  }
  if (!pinned) warnings.push('taskset or a second core is missing: server and load client were not tied to cores');
  let noisiest = { share: BUSY_MACHINE, what: '' };
  for (const scenario of Object.keys(measured)) {
    for (const { name, label } of peers) {
      const shares = sharesOf(run, scenario, name);
      if (!shares) continue;
      const { server, client, others } = shares;
      const what = `${scenario}, ${label}`;
      if (others > noisiest.share) noisiest = { share: others, what };
      if (client > SATURATED_CLIENT && client > server) {
        warnings.push(
          `${what}: the load client was saturated (${percent(client)} of its core, the server ${percent(server)}); rates and times are the client's`,
        );
      }
    }
  }
  if (noisiest.what !== '') {
    warnings.push(
      `the machine was busy: other processes used up to ${percent(noisiest.share)} of the two cores (${noisiest.what}), so that only large ratios count`,
    );
  }
  return warnings;
}

/** @param {number} share */
export function percent(share) {
  return `${Math.round(100 * share)} %`;
}
