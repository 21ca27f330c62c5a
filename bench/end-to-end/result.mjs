// @ts-check
/** The result of a run: the contents of its file, made from the rounds. */
import { figureOf, medianFigures, ratiosOf } from '../shared/figures.mjs';
import { FULL_PLAN } from './scenarios.mjs';

/** @typedef {import('../shared/figures.mjs').Figures} Figures */
/** @typedef {import('./scenarios.mjs').Plan} Plan */
/** @typedef {import('./scenarios.mjs').ServerName} ServerName */
/** @typedef {ReturnType<typeof import('../shared/machine.mjs').describeMachine>} Machine */

/** One round of one scenario, by server. @typedef {Partial<Record<ServerName, Figures>>} Round */

/**
 * @typedef {object} Result
 * @property {string} startedAt
 * @property {Machine} machine
 * @property {boolean} pinned whether server and client were each pinned to a core
 * @property {Plan} plan
 * @property {ServerName[]} servers
 * @property {Partial<Record<ServerName, string>>} versions
 * @property {{ scenario: string, medians: { server: ServerName, figures: Figures }[], rounds: Round[] }[]} scenarios
 * @property {import('../shared/figures.mjs').Ratio[]} ratios
 * @property {string[]} warnings what a reader must know to trust the figures
 */

/** A core that is busier than this counts as the limit. */
const SATURATED_CLIENT = 0.9;
const SATURATED_SERVER = 0.95;
const BUSY_MACHINE = 0.1;
const IDLE_MACHINE_LOAD = 0.5;

/**
 * @param {Omit<Result, 'scenarios' | 'ratios' | 'warnings'>} run
 * @param {Record<string, Round[]>} roundsOf by scenario
 * @returns {Result}
 */
export function makeResult(run, roundsOf) {
  const scenarios = Object.entries(roundsOf).map(([scenario, rounds]) => ({
    scenario,
    medians: run.servers.map((server) => ({ server, figures: medianFigures(figuresOf(rounds, server)) })),
    rounds,
  }));
  // The aims are for the full load: a short run has too few connections and deliveries.
  const ratios = run.plan.name === FULL_PLAN.name ? ratiosOf(run.plan.scenarios, roundsOf) : [];
  return { ...run, scenarios, ratios, warnings: warningsOf(run, scenarios) };
}

/**
 * One server's figures, round by round.
 * @param {Round[]} rounds
 * @param {ServerName} server
 */
export function figuresOf(rounds, server) {
  return rounds.flatMap((round) => round[server] ?? []);
}

/**
 * @param {Pick<Result, 'pinned' | 'machine'>} run
 * @param {Result['scenarios']} scenarios
 */
function warningsOf({ pinned, machine }, scenarios) {
  const warnings = [];
  if (!pinned) warnings.push('taskset or a second core is missing: server and load client were not tied to cores');
  if (machine.loadBefore > IDLE_MACHINE_LOAD) {
    warnings.push(`the machine was not idle before the run (load ${machine.loadBefore})`);
  }
  for (const { scenario, medians } of scenarios) {
    for (const { server, figures } of medians) {
      const client = figureOf(figures, 'clientCpuShare');
      const busy = figureOf(figures, 'serverCpuShare');
      const others = figureOf(figures, 'othersCpuShare');
      if (others > BUSY_MACHINE) {
        warnings.push(
          `${scenario}, ${server}: other processes used ${percent(others)} of the two cores; latency is not the server's`,
        );
      }
      if (client > SATURATED_CLIENT) {
        warnings.push(
          `${scenario}, ${server}: load client at ${percent(client)} of its core; latency may be the client's`,
        );
      }
      if (busy > SATURATED_SERVER) {
        warnings.push(`${scenario}, ${server}: server at ${percent(busy)} of its core; its latency is queueing`);
      }
    }
  }
  return warnings;
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}
