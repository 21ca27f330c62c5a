// @ts-check
/** Bundles the simulation, with the sources as they are, and runs it with the same arguments. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const program = join(root, '.cache', 'simulation', 'main.mjs');

await build({
  entryPoints: [join(root, 'test', 'simulation', 'run', 'main.ts')],
  outfile: program,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, ['--enable-source-maps', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
