// @ts-check
/** Command line of the bench: a plan (full or quick) with parts replaced. */
import { parseArgs } from 'node:util';
import { MIN_PAYLOAD_BYTES } from './payload.mjs';
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

/** A flag that cannot be understood, or a plan that this machine cannot run; the message names it. */
export class UsageError extends Error {}

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
  help: { type: 'boolean' },
});

/**
 * Throws a `UsageError`.
 * @param {string[]} argv
 * @returns {Options | 'help'}
 */
export function readOptions(argv) {
  const flags = parseFlags(argv);
  if (flags.help) return 'help';
  const base = flags.quick ? QUICK_PLAN : FULL_PLAN;
  const name = flags.name ?? base.name;
  if (!/^[\w.-]+$/.test(name)) throw new UsageError('--name takes letters, digits, dots, dashes and underscores');
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
    name,
  };
}

const PROFILES = /** @type {const} */ (['cpu', 'heap']);

/** @param {string[]} argv */
function parseFlags(argv) {
  try {
    return parseArgs({ args: argv, options: FLAGS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * @param {Scenario} load
 * @param {ReturnType<typeof parseFlags>} flags
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

/**
 * The listed names in the order of `all`; all of them when the flag is not given.
 * @template {string} T
 * @param {string} flag
 * @param {string | undefined} list
 * @param {readonly T[]} all
 * @returns {T[]}
 */
function chosen(flag, list, all) {
  if (list === undefined) return [...all];
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) throw new UsageError(`--${flag}: ${unknown} is not one of ${all.join(', ')}`);
  return all.filter((name) => names.includes(name));
}

/**
 * @param {string} flag
 * @param {string | undefined} text
 * @param {number} otherwise
 */
function count(flag, text, otherwise, least = 1) {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UsageError(`--${flag}: ${text} is not a whole number from ${least}`);
}
