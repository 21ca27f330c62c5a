// @ts-check
/** One scenario of the bench as a run of `fanfare load`, with the figures that it reports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SECRET } from '../shared/credentials.mjs';
import { onCore } from '../shared/ipc.mjs';
import { CLIENT_CORE } from '../shared/measure.mjs';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** @typedef {import('../end-to-end/scenarios.mjs').DeliveryScenario} DeliveryScenario */
/** @typedef {import('../../src/cli/load/result.js').LoadResult} LoadResult */

/**
 * Rejects when a delivery was lost, doubled or out of order.
 * @param {DeliveryScenario} scenario
 * @param {number} port of servers/fanfare-open.mjs
 * @param {boolean} pinned whether processes can be pinned to cores
 * @returns {Promise<LoadResult>}
 */
export async function runLoad(scenario, port, pinned) {
  const folder = await mkdtemp(join(tmpdir(), 'fanfare-bench-load-'));
  try {
    const file = join(folder, 'result.json');
    const flags = flagsOf(scenario, `http://127.0.0.1:${port}`);
    const command = [process.execPath, COMMAND, 'load', '--json', file, ...flags];
    const [program = '', ...args] = onCore(pinned ? CLIENT_CORE : null, command);
    const [code] = await once(spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
    const text = await readFile(file, 'utf8').catch(() => 'nothing');
    if (code !== 0) throw new Error(`fanfare load has ended with ${code} and ${text}`);
    return JSON.parse(text);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * @param {DeliveryScenario} scenario
 * @param {string} url
 */
function flagsOf({ subscribers, ratePerSec, burst, payloadBytes, warmUpMs, durationMs }, url) {
  return Object.entries({
    url,
    secret: SECRET,
    metrics: `${url}/metrics`,
    connections: subscribers,
    'channels-prefix': 'bench:',
    'publish-rate': ratePerSec,
    'publish-burst': burst,
    'publish-size': payloadBytes,
    'warm-up': `${warmUpMs}ms`,
    duration: `${durationMs}ms`,
    workers: 1,
    threshold: 'lost=0,duplicates=0,misordered=0,errors=0',
  }).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
