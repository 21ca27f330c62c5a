// @ts-check
/** The result of a run of the brokers' benchmark: the contents of its file, made from the rounds. */
import { figureOf, median, medianFigures } from '../shared/figures.mjs';
import { AIM, CONTENDERS } from './contenders.mjs';

/** @typedef {import('../shared/figures.mjs').Figures} Figures */
/** @typedef {import('./plan.mjs').BrokersPlan} BrokersPlan */

/** One round, by contender. @typedef {Record<string, { figures: Figures, reached: number[] }>} Round */

/** @typedef {{ contender: string, figures: Figures, reached: number[] }} Median reached: messages per publication, by node */

/**
 * @typedef {object} Comparison how many times as many publications a second of CPU carries
 * @property {string} load
 * @property {string} contender
 * @property {string} versus
 * @property {number} nodes median over the rounds, by the nodes' CPU
 * @property {number} least
 * @property {number} most
 * @property {number} all median, by the CPU of nodes and service together
 * @property {number | null} atLeast the aim, if there is one
 */

/**
 * @typedef {object} BrokersResult
 * @property {string} startedAt
 * @property {ReturnType<typeof import('../shared/machine.mjs').describeMachine>} machine
 * @property {BrokersPlan} plan
 * @property {Record<string, string>} versions by contender
 * @property {{ load: string, medians: Median[], rounds: Round[] }[]} loads
 * @property {{ nodes: number, medians: Median[], rounds: Round[] }[]} growth
 * @property {Comparison[]} comparisons
 * @property {string[]} warnings
 */

const BUSY_LOAD = 0.5;

/**
 * @param {Pick<BrokersResult, 'startedAt' | 'machine' | 'plan' | 'versions'>} run
 * @param {Record<string, Round[]>} roundsOfLoad by load
 * @param {Record<string, Round[]>} roundsOfCount by number of nodes
 * @returns {BrokersResult}
 */
export function makeResult(run, roundsOfLoad, roundsOfCount) {
  const loads = Object.entries(roundsOfLoad).map(([load, rounds]) => ({ load, medians: mediansOf(rounds), rounds }));
  const growth = Object.entries(roundsOfCount).map(([count, rounds]) => ({
    nodes: Number(count),
    medians: mediansOf(rounds),
    rounds,
  }));
  const comparisons = loads.flatMap(({ load, rounds }) =>
    Object.keys(CONTENDERS)
      .filter((name) => name.startsWith('socketio'))
      .flatMap((versus) => compare(load, rounds, versus)),
  );
  const { loadBefore } = run.machine;
  const warnings = loadBefore > BUSY_LOAD ? [`the machine was not idle before the run (load ${loadBefore})`] : [];
  return { ...run, loads, growth, comparisons, warnings };
}

/** @param {Round[]} rounds */
function mediansOf(rounds) {
  return Object.keys(rounds[0] ?? {}).map((contender) => {
    const measured = rounds.flatMap((round) => round[contender] ?? []);
    const nodes = measured[0]?.reached ?? [];
    return {
      contender,
      figures: medianFigures(measured.map(({ figures }) => figures)),
      reached: nodes.map((_, i) => median(measured.map(({ reached }) => reached[i] ?? Number.NaN))),
    };
  });
}

/**
 * Compares pairs that were measured in the same round.
 * @param {string} load
 * @param {Round[]} rounds
 * @param {string} versus
 * @returns {Comparison[]}
 */
function compare(load, rounds, versus) {
  const pairs = rounds.flatMap(({ [AIM.contender]: ours, [versus]: theirs }) =>
    ours && theirs ? [{ ours, theirs }] : [],
  );
  if (pairs.length === 0) return [];
  const nodes = pairs.map(
    ({ ours, theirs }) => figureOf(theirs.figures, 'nodesCpuUs') / figureOf(ours.figures, 'nodesCpuUs'),
  );
  const all = pairs.map(({ ours, theirs }) => allCpuUs(theirs.figures) / allCpuUs(ours.figures));
  return [
    {
      load,
      contender: AIM.contender,
      versus,
      nodes: median(nodes),
      least: Math.min(...nodes),
      most: Math.max(...nodes),
      all: median(all),
      atLeast: versus === AIM.versus && load === AIM.load ? AIM.atLeast : null,
    },
  ];
}

/** @param {Figures} figures */
export function allCpuUs(figures) {
  return figureOf(figures, 'nodesCpuUs') + figureOf(figures, 'serviceCpuUs');
}
