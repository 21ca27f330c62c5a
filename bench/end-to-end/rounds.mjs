// @ts-check
/** Paired rounds: each runs every server once per scenario, starting with another one each time. */
import { measure } from '../shared/measure.mjs';
import { oneLine } from './table.mjs';

/** @typedef {import('./result.mjs').Round} Round */
/** @typedef {import('./scenarios.mjs').ServerName} ServerName */

/**
 * @param {object} options
 * @param {import('./scenarios.mjs').Plan} options.plan
 * @param {ServerName[]} options.servers
 * @param {boolean} options.pinned
 * @param {'cpu' | 'heap' | null} options.profile
 * @param {(scenario: string, server: ServerName, round: number) => string} options.profilePath
 * @param {import('./progress.mjs').Progress} options.progress
 */
export async function runRounds({ plan, servers, pinned, profile, profilePath, progress }) {
  /** @type {Record<string, Round[]>} */
  const roundsOf = {};
  /** @type {Partial<Record<ServerName, string>>} */
  const versions = {};
  /** @type {string[]} */
  const faults = [];
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [name, scenario] of Object.entries(plan.scenarios)) {
      /** @type {Round} */
      const figuresOf = {};
      for (const server of rotated(servers, round - 1)) {
        progress.begin({ round, rounds: plan.rounds, name, scenario, server });
        const measurement = await measure({
          server,
          scenario,
          pinned,
          profile: profile && { kind: profile, path: profilePath(name, server, round) },
          onProgress: (step, detail) => progress.update(step, detail),
        });
        figuresOf[server] = measurement.figures;
        versions[server] = measurement.version;
        faults.push(...measurement.faults.map((fault) => `${name}, ${server}, ${fault}`));
        progress.end(measurement.faults.join('; ') || oneLine(scenario.kind, measurement.figures));
      }
      roundsOf[name] = [...(roundsOf[name] ?? []), figuresOf];
    }
  }
  return { roundsOf, versions, faults };
}

/**
 * @template T
 * @param {T[]} list
 * @param {number} by
 */
export function rotated(list, by) {
  const first = by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
