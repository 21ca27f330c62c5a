// @ts-check
/** Whether `fanfare load` holds a scenario of deploy/load, 10,000 connections for instance, beside the server that it loads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { checkBuilt, chosen, parseFlags, runCommand, UsageError } from './shared/flags.mjs';
import { descriptorShortage } from './shared/machine.mjs';

const HELP = `Usage: node bench/ten-thousand.mjs [options]

Runs a scenario of deploy/load on a server with deploy/load/fanfare.yaml, on this machine and at ordinary priority. Needs a build
(npm run build); a minute and a half, in which the machine is left alone.

  --scenario NAME  ten-thousand; live-scores, 500 goals, which takes five minutes; or arena, 200 rooms of ten  (ten-thousand)
  --short          a tenth of the connections, channels and deliveries, for five seconds, under the one condition that
                   nothing is lost: whether it works at all on a machine that has other things to do
  --json FILE      also write the result of fanfare load
  --help           this text

Exit status: 0, or 1 when a threshold of the scenario is missed.`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMAND = `${ROOT}dist/cli/main.js`;
const SCENARIOS = /** @type {const} */ (['ten-thousand', 'live-scores', 'arena']);
const CONNECTIONS = { 'ten-thousand': 10_000, 'live-scores': 10_000, arena: 2_000 };
const SHORT = {
  'ten-thousand': { connections: 1_000, 'channels-count': 10, 'publish-rate': 50 },
  'live-scores': { connections: 1_000 },
  arena: { connections: 200, 'channels-count': 20, 'publish-rate': 400 },
};
/** The timeout is the only one that is longer: such a machine may take long for everything. */
const SHORT_TIMES = { ramp: '2s', 'warm-up': '1s', duration: '5s', timeout: '60s' };

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, { scenario: { type: 'string' }, short: { type: 'boolean' }, json: { type: 'string' } });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ scenario, short = false, json }) {
  checkBuilt();
  const [name = SCENARIOS[0]] = chosen('scenario', scenario ?? SCENARIOS[0], SCENARIOS);
  const shortage = descriptorShortage(CONNECTIONS[name]);
  if (shortage) throw new UsageError(shortage);
  const serve = ['serve', '--config', 'deploy/load/fanfare.yaml', '--port', '0', '--internal-port', '0'];
  const server = spawn(process.execPath, [COMMAND, ...serve], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const { url, metrics } = await addressesOf(server);
    const load = ['load', `deploy/load/${name}.yaml`, '--url', url, '--metrics', `${metrics}/metrics`];
    const shorter = Object.entries({ ...SHORT[name], ...SHORT_TIMES }).flatMap(([flag, value]) => [
      `--${flag}`,
      String(value),
    ]);
    if (short) load.push(...shorter, '--threshold', 'lost=0');
    const generator = spawn(process.execPath, [COMMAND, ...load, ...(json === undefined ? [] : ['--json', json])], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    const [code] = await once(generator, 'exit');
    console.log(code === 0 ? '\nheld' : '\nNOT held');
    return code === 0 ? 0 : 1;
  } finally {
    const exited = once(server, 'exit');
    // Its clients have gone; there is nothing to end in order.
    if (server.kill('SIGKILL')) await exited;
  }
}

/**
 * From the lines in which a server says where it listens.
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} server
 */
async function addressesOf(server) {
  const lines = createInterface({ input: server.stdout });
  let url = '';
  for await (const line of lines) {
    const [, what, address = ''] = /^(listening|health and metrics) on (\S+)/.exec(line) ?? [];
    if (what === 'listening') url = address;
    else if (what !== undefined) {
      server.stdout.resume();
      return { url, metrics: address };
    }
  }
  throw new Error('the server has ended by itself');
}

await runCommand({ help: HELP, read: readFlags, run });
