// @ts-check
/**
 * Whether the simulation finds faults: applies each of test/simulation/mutants/mutants.mjs to the sources in memory, bundles
 * the simulation with it, and runs seeds until one fails.
 *
 *   npm run simulate:mutants -- --seeds 2000 --only hole --from 1
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { mutants, undone } from '../test/simulation/mutants/mutants.mjs';
import { root } from './setup.mjs';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    /** Only those whose names contain it. */
    only: { type: 'string', default: '' },
    /** Of each list, begin with this one; the first is 1. */
    start: { type: 'string', default: '1' },
    /** Of the mutants, so many must be killed. Default: all but three. */
    least: { type: 'string' },
    /** And so many faults of the past. Default: three. */
    'least-past': { type: 'string', default: '3' },
  },
});

/** @typedef {import('../test/simulation/mutants/mutants.mjs').Mutant} Mutant */

/** @param {Mutant} mutant @param {string} outfile */
async function bundleWith({ name, file, from, to }, outfile) {
  let times = 0;
  await build({
    entryPoints: [join(root, 'test', 'simulation', 'run', 'main.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'mutant',
        setup(bundler) {
          bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            if (relative(root, path) !== file) return undefined;
            const parts = readFileSync(path, 'utf8').split(from);
            times = parts.length - 1;
            return { contents: parts.join(to), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (times !== 1) throw new Error(`"${name}": its place is ${times} times in ${file}`);
}

/** @param {string} program @returns {Promise<{ killed: boolean, said: string }>} */
function run(program) {
  return new Promise((resolve, reject) => {
    const args = [program, '--seeds', options.seeds, '--from', options.from, '--failures', '1', '--no-shrink'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      const killed = /^seed \d+ FAILS: /m.test(said);
      // An end for another reason proves nothing.
      if (killed || code === 0) resolve({ killed, said });
      else reject(new Error(`the simulation ended with ${code}: ${said.slice(-2_000)}`));
    });
  });
}

/** @param {string} title @param {readonly Mutant[]} all @returns {Promise<number>} of those that live */
async function hunt(title, all) {
  const chosen = all.slice(Number(options.start) - 1).filter(({ name }) => name.includes(options.only));
  if (chosen.length === 0) return 0;
  console.log(`${title}:`);
  let numKilled = 0;
  for (const [n, mutant] of chosen.entries()) {
    const program = join(root, '.cache', 'simulation', `mutant-${n}.mjs`);
    await bundleWith(mutant, program);
    const { killed, said } = await run(program);
    if (killed) numKilled++;
    const how = /^seed \d+ FAILS: .*$/m.exec(said)?.[0] ?? said.trim().split('\n').at(-1);
    console.log(`  ${killed ? 'killed ' : 'LIVES  '} ${mutant.name}\n           ${how}`);
  }
  console.log(`${title}: ${numKilled} of ${chosen.length} are found within ${options.seeds} seeds\n`);
  return chosen.length - numKilled;
}

const alive = await hunt('mutants', mutants);
const stillUndone = await hunt('faults of the past', undone);
const most = options.least === undefined ? 3 : mutants.length - Number(options.least);
const mostPast = undone.length - Number(options['least-past']);
process.exitCode = alive > most || stillUndone > mostPast ? 1 : 0;
