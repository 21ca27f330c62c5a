// @ts-check
/** Large maps: what each key takes, and how late the server's event loop is while thousands come to one of them. */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkBuilt, count, parseFlags, resultName, runCommand } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';
import { canPin, describeMachine } from './shared/machine.mjs';
import { CLIENT_CORE, SERVER_CORE } from './shared/measure.mjs';

const HELP = `Usage: node bench/maps.mjs [options]

Fills maps in a server process and tells what each key takes, for keys with values of several sizes, with and without a
time. Then clients in another process come to one of these maps, all at once, and the server's event loop is watched.
Each client must get each key once. Needs a build (npm run build).

  --keys N       of each map  (100,000)
  --newcomers N  (1,000)
  --sdks N       so many of them are the official SDK, which compares what it has  (2)
  --bytes N      of a key with its value, in the map that they come to  (59)
  --turns        also the CPU of each turn of the loop, which other processes do not prolong as they do its wait; the loop
                 does not rest meanwhile
  --no-sizes     only the newcomers
  --quick        10,000 keys and 100 newcomers: checks everything; its times mean little
  --name NAME    writes bench/results/NAME.json
  --help         this text`;

/** Bytes of a key with its value. */
const SIZES = [10, 59, 200, 1_000];
/** The aim: twice the bytes of a key with its value, and this. */
const SPARE_BYTES = 100;
const MOST_LAG_MS = 50;

/** @typedef {{ rss: number, young: number, heapUsed: number, external: number }} Memory */
/** @typedef {{ bytes: number, ttl: boolean, heapEach: number, rssEach: number, atMost: number }} SizeRow */
/** @typedef {{ seconds: number, cpuSec: number, busy: number, lagMs: { p50: number, p99: number, p999: number, max: number }, turnCpuMs?: { count: number, p50: number, p99: number, p999: number, max: number } }} Watched */

/** @param {string[]} argv */
function readFlags(argv) {
  const text = /** @type {const} */ ({ type: 'string' });
  return parseFlags(argv, {
    keys: text,
    newcomers: text,
    sdks: text,
    bytes: text,
    name: text,
    quick: { type: 'boolean' },
    turns: { type: 'boolean' },
    'no-sizes': { type: 'boolean' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run(flags) {
  checkBuilt();
  const quick = flags.quick === true;
  const keys = count('keys', flags.keys, quick ? 10_000 : 100_000);
  const newcomers = count('newcomers', flags.newcomers, quick ? 100 : 1_000);
  const sdks = Math.min(newcomers, count('sdks', flags.sdks, 2, 0));
  const bytes = count('bytes', flags.bytes, 59, 8);
  const name = resultName(flags.name, '');
  const sizes = [];
  for (const size of flags['no-sizes'] ? [] : SIZES) {
    for (const ttl of [false, true]) sizes.push(await measureSize({ keys, bytes: size, ttl }));
  }
  const turns = flags.turns === true;
  const coming = await measureNewcomers({ keys, newcomers, sdks, bytes, turns });
  if (name !== '') {
    const folder = new URL('results/', import.meta.url);
    await mkdir(folder, { recursive: true });
    const result = { machine: describeMachine(), keys, newcomers, sizes, coming };
    await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  }
  return 0;
}

/**
 * A server of its own for each, so that no map is in the memory that another has left.
 * @param {{ keys: number, bytes: number, ttl: boolean }} map
 * @returns {Promise<SizeRow>}
 */
async function measureSize({ keys, bytes, ttl }) {
  const server = serverChild();
  try {
    await server.request('start');
    // What is compiled and allocated with the first keys is no cost of more of them.
    await server.request('fill', { name: 'warm-up', keys: 20_000, bytes, ttl });
    /** @type {Memory} */
    const before = await server.request('memory');
    /** @type {number} */
    const all = await server.request('fill', { name: 'size', keys, bytes, ttl });
    /** @type {Memory} */
    const after = await server.request('memory');
    const [own, atMost] = [all / keys, (2 * all) / keys + SPARE_BYTES];
    const heapEach = (after.heapUsed + after.external - before.heapUsed - before.external) / keys;
    const rssEach = (after.rss - after.young - (before.rss - before.young)) / keys;
    console.log(
      `${own.toFixed(0)} bytes of key and value${ttl ? ', with a time' : ''}: ${heapEach.toFixed(0)} bytes of the heap each, ${rssEach.toFixed(0)} of resident memory (aim: ${atMost.toFixed(0)})`,
    );
    return { bytes: own, ttl, heapEach, rssEach, atMost };
  } finally {
    await server.close();
  }
}

/** @param {{ keys: number, newcomers: number, sdks: number, bytes: number, turns: boolean }} plan */
async function measureNewcomers({ keys, newcomers, sdks, bytes, turns }) {
  const server = serverChild();
  const clients = new Child({
    name: 'newcomers',
    script: fileURLToPath(new URL('maps/newcomers.mjs', import.meta.url)),
    core: canPin() ? CLIENT_CORE : null,
  });
  try {
    /** @type {number} */
    const port = await server.request('start');
    await server.request('fill', { name: 'large', keys, bytes, ttl: false });
    /** @type {Memory} */
    const before = await server.request('memory');
    const come = (/** @type {number} */ number, /** @type {number} */ official) =>
      clients.request('come', { port, channel: 'map:large', keys, count: number, sdks: official });
    await come(2, Math.min(1, sdks));
    await clients.request('leave');
    await server.request('watch', { turns });
    /** @type {{ medianMs: number, slowestMs: number }} */
    const took = await come(newcomers, sdks);
    /** @type {Watched} */
    const watched = await server.request('watched');
    await clients.request('leave');
    /** @type {Memory} */
    const after = await server.request('memory');
    const { lagMs, cpuSec, busy } = watched;
    console.log(
      `${newcomers} newcomers to ${keys} keys: all had them after ${(took.slowestMs / 1e3).toFixed(1)} s (median ${(took.medianMs / 1e3).toFixed(1)} s), for ${cpuSec.toFixed(1)} s of CPU, ${((cpuSec * 1e6) / newcomers / keys).toFixed(3)} µs for a key`,
    );
    console.log(
      `the event loop was busy ${(busy * 100).toFixed(0)} % of the time, and late by ${lagMs.p50.toFixed(1)} ms (median), ${lagMs.p99.toFixed(1)} (99 %), ${lagMs.p999.toFixed(1)} (99.9 %), ${lagMs.max.toFixed(1)} (longest; aim: ${MOST_LAG_MS})`,
    );
    const { turnCpuMs } = watched;
    if (turnCpuMs !== undefined) {
      console.log(
        `a turn of the loop took ${turnCpuMs.p50.toFixed(1)} ms of CPU (median of ${turnCpuMs.count}), ${turnCpuMs.p99.toFixed(1)} (99 %), ${turnCpuMs.p999.toFixed(1)} (99.9 %), ${turnCpuMs.max.toFixed(1)} (longest)`,
      );
    }
    console.log(`resident memory grew by ${((after.rss - before.rss) / 2 ** 20).toFixed(0)} MiB`);
    return { ...took, ...watched, rssGrowthBytes: after.rss - before.rss };
  } finally {
    await Promise.all([server.close(), clients.close()]);
  }
}

function serverChild() {
  return new Child({
    name: 'server',
    script: fileURLToPath(new URL('maps/server.mjs', import.meta.url)),
    core: canPin() ? SERVER_CORE : null,
  });
}

await runCommand({ help: HELP, read: readFlags, run });
