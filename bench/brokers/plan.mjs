// @ts-check
/** The loads with which brokers are measured. */

/**
 * @typedef {object} Load
 * @property {'flood' | 'paced'} kind flood: as fast as they arrive; paced: at a rate
 * @property {number} nodes number of nodes; the first publishes, the others have the subscribers
 * @property {number} channels each with one subscriber
 * @property {number} payloadBytes
 * @property {number} publications number of measured ones
 * @property {number} warmUp number of publications before
 * @property {number} group publications made in one turn of the event loop
 * @property {number} perChannel how many one channel gets in a row
 * @property {number} [window] flood: most publications in transit
 * @property {number} [ratePerSec] paced
 * @property {number} [subscriberNodes] number of nodes with subscribers; default: all but the first
 */

/** @typedef {'spread' | 'bursts' | 'single'} LoadName */

/**
 * @typedef {object} BrokersPlan
 * @property {string} name
 * @property {number} rounds
 * @property {Record<LoadName, Load>} loads
 * @property {{ counts: number[], load: Load }} growth several numbers of nodes, with a light load
 */

const common = { channels: 96, payloadBytes: 128 };
const fleet = { ...common, nodes: 3 };

/** @type {BrokersPlan} */
export const FULL_PLAN = {
  name: 'full',
  rounds: 3,
  loads: {
    spread: { ...fleet, kind: 'flood', group: 32, perChannel: 1, window: 4000, warmUp: 24_000, publications: 120_000 },
    bursts: { ...fleet, kind: 'flood', group: 32, perChannel: 8, window: 4000, warmUp: 24_000, publications: 120_000 },
    single: { ...fleet, kind: 'paced', group: 1, perChannel: 1, ratePerSec: 1000, warmUp: 2000, publications: 6000 },
  },
  growth: {
    counts: [1, 2, 4, 8],
    load: {
      ...common,
      nodes: 1,
      kind: 'paced',
      group: 1,
      perChannel: 1,
      ratePerSec: 400,
      warmUp: 800,
      publications: 2400,
      subscriberNodes: 1,
    },
  },
};

/** Proves that every publication arrives once and in order; the times mean little. @type {BrokersPlan} */
export const QUICK_PLAN = {
  name: 'quick',
  rounds: 1,
  loads: {
    spread: { ...FULL_PLAN.loads.spread, warmUp: 6000, publications: 24_000 },
    bursts: { ...FULL_PLAN.loads.bursts, warmUp: 6000, publications: 24_000 },
    single: { ...FULL_PLAN.loads.single, warmUp: 500, publications: 1500 },
  },
  growth: { counts: [1, 2, 4], load: { ...FULL_PLAN.growth.load, warmUp: 200, publications: 800 } },
};

/** @param {Load} load */
export function describeLoad({ kind, nodes, channels, payloadBytes, group, perChannel, ratePerSec, window }) {
  const inARow = perChannel === 1 ? 'each to another channel' : `${perChannel} in a row to one channel`;
  const pace =
    kind === 'flood'
      ? `as fast as they arrive, ${group} in a turn, ${inARow}, at most ${window?.toLocaleString('en')} on the way`
      : `${ratePerSec?.toLocaleString('en')} publications/s ${group === 1 ? 'singly' : `in groups of ${group}`}`;
  return `${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${channels} channels with one subscriber each, ${payloadBytes} bytes: ${pace}`;
}
