// @ts-check
/** What is measured, under which load, and Fanfare's aims in comparison with the other two. */

/** The servers under test, in the order of the reports. */
export const SERVERS = /** @type {const} */ (['fanfare', 'ws', 'socketio']);

/** @typedef {typeof SERVERS[number]} ServerName */

export const SERVER_LABELS = { fanfare: 'Fanfare', ws: 'naive ws loop', socketio: 'Socket.IO' };

/**
 * @typedef {object} IdleScenario
 * @property {'idle'} kind
 * @property {number} connections
 * @property {number} warmUpConnections opened and closed before the first measurement, so that lazily loaded code does not count
 */

/**
 * @typedef {object} DeliveryScenario
 * @property {'delivery'} kind
 * @property {number} subscribers
 * @property {number} ratePerSec publications per second, on one channel
 * @property {number} burst publications made in one turn of the event loop
 * @property {number} payloadBytes
 * @property {boolean} [isFromOutside] the load client publishes, over a connection, whatever the server does; default: the
 *   server's own process, in turns of its event loop
 * @property {number} warmUpMs not measured
 * @property {number} durationMs
 */

/** @typedef {IdleScenario | DeliveryScenario} Scenario */

/** @typedef {{ name: string, rounds: number, scenarios: Record<string, Scenario> }} Plan */

/** The scenarios of a plan. */
export const SCENARIOS = /** @type {const} */ (['idle', 'single', 'burst']);

const PAYLOAD_BYTES = 128;

/** @type {Plan} */
export const FULL_PLAN = {
  name: 'full',
  rounds: 5,
  scenarios: {
    idle: { kind: 'idle', connections: 10_000, warmUpConnections: 200 },
    single: delivery({ subscribers: 1000, ratePerSec: 100, burst: 1, warmUpMs: 2000, durationMs: 6000 }),
    burst: delivery({ subscribers: 1000, ratePerSec: 100, burst: 10, warmUpMs: 2000, durationMs: 6000 }),
  },
};

/** Proves on any machine that every publication arrives once and in order; the times mean little. @type {Plan} */
export const QUICK_PLAN = {
  name: 'quick',
  rounds: 1,
  scenarios: {
    idle: { kind: 'idle', connections: 500, warmUpConnections: 50 },
    single: delivery({ subscribers: 200, ratePerSec: 100, burst: 1, warmUpMs: 500, durationMs: 2000 }),
    burst: delivery({ subscribers: 200, ratePerSec: 100, burst: 10, warmUpMs: 500, durationMs: 2000 }),
  },
};

/**
 * @param {Omit<DeliveryScenario, 'kind' | 'payloadBytes'>} load
 * @returns {DeliveryScenario}
 */
function delivery(load) {
  return { kind: 'delivery', payloadBytes: PAYLOAD_BYTES, ...load };
}

/**
 * The figure by which a scenario's servers are compared.
 * @param {Scenario} scenario
 * @returns {'rssBytesPerConnection' | 'cpuUsPerDelivery'}
 */
export function headlineMetric(scenario) {
  return scenario.kind === 'idle' ? 'rssBytesPerConnection' : 'cpuUsPerDelivery';
}

/**
 * Fanfare's figure as a share of another server's, at most. Reported, never asserted: a noisy machine is not a bug.
 * @type {readonly { scenario: string, versus: 'ws' | 'socketio', atMost: number }[]}
 */
export const AIMS = [
  { scenario: 'single', versus: 'ws', atMost: 1 },
  { scenario: 'single', versus: 'socketio', atMost: 0.75 },
  { scenario: 'burst', versus: 'ws', atMost: 0.2 },
  { scenario: 'burst', versus: 'socketio', atMost: 0.2 },
  { scenario: 'idle', versus: 'ws', atMost: 1.25 },
  { scenario: 'idle', versus: 'socketio', atMost: 1 },
];

/** @param {Scenario} scenario */
export function describeScenario(scenario) {
  if (scenario.kind === 'idle') return `${scenario.connections.toLocaleString('en')} idle connections`;
  const { subscribers, ratePerSec, burst, payloadBytes } = scenario;
  const grouping = burst === 1 ? 'singly' : `in bursts of ${burst}`;
  return `${subscribers.toLocaleString('en')} subscribers × ${ratePerSec} publications/s ${grouping}, ${payloadBytes} bytes`;
}
