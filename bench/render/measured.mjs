// @ts-check
/** The constants of `fanfare plan`, taken from result files, and the module that holds them. */
import { figureOf } from '../shared/figures.mjs';

/** @typedef {import('../end-to-end/result.mjs').Result} Result */
/** @typedef {import('../brokers/result.mjs').BrokersResult} BrokersResult */
/** @typedef {import('../capacity.mjs').CapacityResult} CapacityResult */
/** @typedef {import('../../src/cli/plan/measured-types.js').Measured} Measured */
/** @typedef {import('../../src/cli/plan/measured-types.js').BrokerCosts} BrokerCosts */

/** @typedef {import('../peers/result.mjs').Result} PeersResult */

/** @typedef {{ servers: Result, brokers: BrokersResult, capacity: CapacityResult, peers: PeersResult }} Results latest.json, and the files with these names */

/**
 * @param {Omit<Results, 'peers'>} results
 * @returns {Measured}
 */
export function measuredFrom({ servers, brokers, capacity }) {
  const fanfareIn = (/** @type {string} */ scenario) => {
    const found = servers.scenarios.find((each) => each.scenario === scenario);
    const figures = found?.medians.find(({ server }) => server === 'fanfare')?.figures;
    if (!figures) throw new Error(`latest.json has no ${scenario} of Fanfare`);
    return figures;
  };
  const { processBytes, idleCores, socketBytes, pingUs, deliveryUs, largeDeliveryUs } = capacity.medians;
  const moreKib = (capacity.largePayloadBytes - capacity.load.payloadBytes) / 1024;
  const single = servers.plan.scenarios.single;
  return {
    machine: `${brokers.machine.cpu}, Node ${brokers.machine.node.slice(1)}`,
    processBytes: rounded(processBytes),
    idleCores: rounded(idleCores),
    connectionBytes: rounded(figureOf(fanfareIn('idle'), 'lastingBytesPerConnection')),
    socketBytes: rounded(Math.max(0, socketBytes)),
    connectUs: rounded(figureOf(fanfareIn('idle'), 'connectCpuUs')),
    pingUs: rounded(pingUs),
    deliveryUs: rounded(figureOf(fanfareIn('single'), 'cpuUsPerDelivery')),
    payloadBytes: single?.kind === 'delivery' ? single.payloadBytes : capacity.load.payloadBytes,
    deliveryUsPerKib: rounded(Math.max(0, (largeDeliveryUs - deliveryUs) / moreKib)),
    brokerReachShare: rounded(reachShareOf(brokers)),
    brokers: {
      memory: costsOf(brokers, 'memory'),
      local: costsOf(brokers, 'local'),
      redis: { ...costsOf(brokers, 'redis'), kept: costsOf(brokers, 'redis-history') },
      nats: { ...costsOf(brokers, 'nats'), kept: costsOf(brokers, 'nats-history') },
      rabbitmq: costsOf(brokers, 'rabbitmq'),
    },
  };
}

/**
 * @param {BrokersResult} result
 * @param {string} contender
 * @returns {BrokerCosts}
 */
function costsOf(result, contender) {
  const figures = (/** @type {string} */ load) => {
    const found = result.loads.find((each) => each.load === load)?.medians.find((each) => each.contender === contender);
    if (!found) throw new Error(`brokers.json has no ${load} of ${contender}`);
    return found.figures;
  };
  const cost = (/** @type {(f: import('../shared/figures.mjs').Figures) => number} */ of) => ({
    single: rounded(of(figures('single'))),
    many: rounded(of(figures('spread'))),
  });
  return {
    publishUs: cost((f) => figureOf(f, 'publisherCpuUs')),
    arriveUs: cost((f) => figureOf(f, 'nodesCpuUs') - figureOf(f, 'publisherCpuUs')),
    brokerUs: cost((f) => figureOf(f, 'serviceCpuUs')),
  };
}

/**
 * By the adapter that sends everything to each node: compares the broker's cost with most nodes and with one.
 * @param {BrokersResult} result
 */
function reachShareOf({ growth }) {
  const costs = growth.flatMap(({ nodes, medians }) => {
    const median = medians.find(({ contender }) => contender === 'socketio-redis');
    return median ? [{ nodes, us: figureOf(median.figures, 'serviceCpuUs') }] : [];
  });
  const [first, last] = [costs[0], costs.at(-1)];
  if (!first || !last || last.nodes === first.nodes) throw new Error('brokers.json has no growth of socketio-redis');
  return Math.max(0, (last.us - first.us) / (last.nodes - first.nodes) / first.us);
}

/**
 * To three digits: further ones mean nothing.
 * @param {number} value
 */
function rounded(value) {
  return Number(value.toPrecision(3));
}

/** The file from which a constant comes. @type {Record<keyof Measured, string>} */
const SOURCES = {
  machine: 'brokers.json',
  processBytes: 'capacity.json: processBytes',
  idleCores: 'capacity.json: idleCores',
  connectionBytes: 'latest.json: idle, lastingBytesPerConnection',
  socketBytes: 'capacity.json: socketBytes',
  connectUs: 'latest.json: idle, connectCpuUs',
  pingUs: 'capacity.json: pingUs',
  deliveryUs: 'latest.json: single, cpuUsPerDelivery',
  payloadBytes: 'latest.json: the plan',
  deliveryUsPerKib: 'capacity.json: largeDeliveryUs, deliveryUs',
  brokerReachShare: 'brokers.json: growth of socketio-redis, serviceCpuUs',
  brokers: 'brokers.json: publisherCpuUs; nodesCpuUs without it; serviceCpuUs. single: load single; many: load spread',
};

/**
 * The module src/cli/plan/measured.ts.
 * @param {Measured} measured
 */
export function measuredModule(measured) {
  const lines = /** @type {(keyof Measured)[]} */ (Object.keys(SOURCES)).map(
    (name) => `  /** ${SOURCES[name]} */\n  ${name}: ${literal(measured[name], '  ')},`,
  );
  return `/** What bench/results/ has measured, written by \`node bench/render.mjs\`: edit nothing here. */

import type { Measured } from './measured-types.js';

export const measured: Measured = {
${lines.join('\n')}
};
`;
}

/**
 * As the formatter writes it: on one line if it fits, unless it contains objects of objects.
 * @param {unknown} value
 * @param {string} indent
 * @returns {string}
 */
function literal(value, indent) {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return grouped(value);
  const entries = Object.entries(/** @type {object} */ (value));
  if (entries.every(([, each]) => typeof each === 'number')) {
    return `{ ${entries.map(([name, each]) => `${name}: ${literal(each, '')}`).join(', ')} }`;
  }
  const inner = entries.map(([name, each]) => `${indent}  ${name}: ${literal(each, `${indent}  `)},`);
  return `{\n${inner.join('\n')}\n${indent}}`;
}

/** @param {number} value */
function grouped(value) {
  return Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, '_') : String(value);
}
