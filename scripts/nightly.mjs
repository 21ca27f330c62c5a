// @ts-check
/**
 * `npm run test:nightly`: all long forms of tests, one after the other, whatever becomes of those before, and a table of
 * how they ended. `-- --only chaos,fuzz` takes those whose names contain one of these, `-- --list` runs none, `-- --write`
 * writes what those that ended well have told into docs/conformance.md. What each says is in .cache/nightly/ as well.
 * `-- --only simulate --write -- --seeds 500` gives the one that is chosen other arguments.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';

/** Other seeds each day; the first ones run with every change. */
const firstSeed = 20_001 + 20_000 * (Math.floor(Date.now() / 86_400_000) % 150);

/** Scripts of package.json with their arguments, and about how many minutes each takes on two cores. */
export const longForms = /** @type {ReadonlyArray<readonly [script: string, minutes: number, ...args: string[]]>} */ ([
  ['test', 20],
  ['simulate', 25, '--seeds', '20000', '--from', `${firstSeed}`],
  ['simulate:mutants', 60],
  ['test:chaos', 30],
  ['test:durable-streams', 10],
  ['test:map-races', 10],
  ['test:functions', 45],
  ['test:streams:long', 20],
  ['test:hooks:long', 10],
  ['test:deploy:long', 20],
  ['test:fuzz', 10],
  ['test:autobahn', 30],
  ['test:api-fuzz', 10],
  ['soak', 40],
  ['test:nodes', 45],
  ['test:runtimes', 2],
  ['test:sdks', 5],
  ['test:frameworks', 5],
  ['test:combinations', 60],
  ['test:clients', 20],
  ['test:mutation', 40],
]);

/** They write their outcome down themselves. */
export const writers = ['test:autobahn', 'test:api-fuzz', 'test:fuzz', 'soak'];

const shell = process.platform === 'win32';

/**
 * @param {string} only names, or parts of some, with commas; empty: all
 */
export function chosen(only) {
  const parts = only.split(',').filter((part) => part !== '');
  const isName = (/** @type {string} */ part) => longForms.some(([script]) => script === part);
  const isMeant = (/** @type {string} */ script, /** @type {string} */ part) =>
    isName(part) ? script === part : script.includes(part);
  return longForms.filter(([script]) => parts.length === 0 || parts.some((part) => isMeant(script, part)));
}

/**
 * @param {typeof longForms} scripts
 * @param {readonly string[]} args for the only one of them; empty: its own
 */
export function withArguments(scripts, args) {
  if (args.length === 0) return scripts;
  const [only, ...others] = scripts;
  if (only === undefined || others.length > 0) throw new Error('arguments are for one script, which --only names');
  return /** @type {typeof longForms} */ ([[only[0], only[1], ...args]]);
}

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<boolean>} whether it ended well; what it has said is in the log by then
 */
async function run(script, args, /** @type {string} */ log) {
  const file = createWriteStream(log);
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell,
  });
  child.stdout.pipe(process.stdout, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
  const [status] = await once(child, 'close');
  file.end();
  await once(file, 'close');
  return status === 0;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      list: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const scripts = withArguments(chosen(values.only), positionals);
  if (scripts.length === 0) throw new Error(`no long form has a name with ${values.only}`);
  const hours = scripts.reduce((sum, [, minutes]) => sum + minutes, 0) / 60;
  console.log(`nightly: ${scripts.map(([script]) => script).join(', ')}: about ${hours.toFixed(1)} hours on two cores`);
  if (values.list) return;
  const folder = join(root, '.cache/nightly');
  mkdirSync(folder, { recursive: true });
  const ends = [];
  for (const [script, , ...given] of scripts) {
    const writesItself = values.write && writers.includes(script);
    const args = writesItself ? [...given, '--write'] : given;
    console.log(`\n== npm run ${[script, ...args].join(' ')}`);
    const beganMs = performance.now();
    const log = join(folder, `${script.replaceAll(':', '-')}.log`);
    const ok = await run(script, args, log);
    const minutes = (performance.now() - beganMs) / 60_000;
    if (ok && values.write && !writesItself) {
      const told = ['test/attacks/write-down.ts', script, log, `${Math.round(minutes * 60)}`, ...args];
      spawnSync('npx', ['jiti', ...told], { cwd: root, stdio: 'inherit', shell });
    }
    ends.push({ script, ok, minutes });
  }
  console.log('\n== how they ended');
  for (const { script, ok, minutes } of ends) {
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${minutes.toFixed(1).padStart(6)} min  ${script}`);
  }
  if (ends.some(({ ok }) => !ok)) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(`nightly: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
  }
}
