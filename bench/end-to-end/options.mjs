// @ts-check
/** The benchmark's command line: a plan (full or quick) with overridden parts. */
import { chosen, count, parseFlags, resultName } from '../shared/flags.mjs';
import { MIN_PAYLOAD_BYTES } from '../shared/payload.mjs';
import { FULL_PLAN, QUICK_PLAN, SCENARIOS, SERVERS } from './scenarios.mjs';

export const HELP = `Usage: node bench/run.mjs [options]

Measures Fanfare beside a naive ws loop and Socket.IO: CPU per delivery, latency, memory per connection.
Build first (npm run build). The full run takes about ten minutes; leave the machine alone meanwhile.

  --quick               a short run that checks deliveries; its times mean little
  --only LIST           servers to run: fanfare,ws,socketio            (all)
  --scenario LIST       scenarios to run: idle,single,burst            (all)
  --rounds N            paired rounds; medians are reported            (5; quick: 1)
  --connections N       idle connections                               (10000; quick: 500)
  --subscribers N       subscribers of the one channel                 (1000; quick: 200)
  --rate N              publications per second                        (100)
  --duration SECONDS    measured time of single and burst              (6; quick: 2)
  --payload BYTES       size of each publication's JSON, from ${MIN_PAYLOAD_BYTES}         (128)
  --profile cpu|heap    also save profiles of the servers (Chrome DevTools opens them); slows them down
  --name NAME           result files are bench/results/NAME.json/.html (the plan's name)
  --help                this text

Exit status: 0, or 1 when a delivery was lost, doubled or out of order, or a process failed.`;

/** @typedef {import('./scenarios.mjs').Scenario} Scenario */

/**
 * @typedef {object} Options
 * @property {import('./scenarios.mjs').Plan} plan
 * @property {import('./scenarios.mjs').ServerName[]} servers
 * @property {'cpu' | 'heap' | null} profile
 * @property {string} name
 */

const FLAGS = /** @type {const} */ ({
  quick: { type: 'boolean' },
  only: { type: 'string' },
  scenario: { type: 'string' },
  rounds: { type: 'string' },
  connections: { type: 'string' },
  subscribers: { type: 'string' },
  rate: { type: 'string' },
  duration: { type: 'string' },
  payload: { type: 'string' },
  profile: { type: 'string' },
  name: { type: 'string' },
});

/** @typedef {ReturnType<typeof parseFlags<typeof FLAGS>>} Flags */

/**
 * Throws a `UsageError`.
 * @param {string[]} argv
 * @returns {Options}
 */
export function readOptions(argv) {
  const flags = parseFlags(argv, FLAGS);
  const base = flags.quick ? QUICK_PLAN : FULL_PLAN;
  const wanted = chosen('scenario', flags.scenario, SCENARIOS);
  const entries = wanted.flatMap((scenario) => {
    const load = base.scenarios[scenario];
    return load ? [/** @type {const} */ ([scenario, withFlags(load, flags)])] : [];
  });
  return {
    plan: {
      name: base.name,
      rounds: count('rounds', flags.rounds, base.rounds),
      scenarios: Object.fromEntries(entries),
    },
    servers: chosen('only', flags.only, SERVERS),
    profile: flags.profile === undefined ? null : (chosen('profile', flags.profile, PROFILES)[0] ?? null),
    name: resultName(flags.name, base.name),
  };
}

const PROFILES = /** @type {const} */ (['cpu', 'heap']);

/**
 * @param {Scenario} load
 * @param {Flags} flags
 * @returns {Scenario}
 */
function withFlags(load, flags) {
  if (load.kind === 'idle') return { ...load, connections: count('connections', flags.connections, load.connections) };
  return {
    ...load,
    subscribers: count('subscribers', flags.subscribers, load.subscribers),
    ratePerSec: count('rate', flags.rate, load.ratePerSec),
    durationMs: 1000 * count('duration', flags.duration, load.durationMs / 1000),
    payloadBytes: count('payload', flags.payload, load.payloadBytes, MIN_PAYLOAD_BYTES),
  };
}
