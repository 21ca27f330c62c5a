// @ts-check
/**
 * Builds dist/, which is published: one bundle for each entry of package.json with the chunks that they share, so that
 * a program reads a dozen files at its start and not 400, the types of each module beside them, the console's page and
 * the examples.
 * The modules as they were compiled stay in .cache/modules/, for tools that look at single ones.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build as buildConsole } from '../console/build.mjs';
import { examples } from '../examples/examples.mjs';
import { build as buildExampleList } from '../examples/list/build.mjs';
import { modules, root } from './setup.mjs';

const target = join(root, 'dist');
const staging = `${target}.${process.pid}.next`;
const compiled = `${modules}.${process.pid}.next`;
const command = 'cli/main.js';

try {
  compile();
  await bundleEntries();
  await buildConsole({ outDir: join(staging, 'console') });
  buildExampleList({ outDir: join(staging, 'examples') });
  for (const { name } of examples) await addExample(name);
  replace(modules, compiled);
  replace(target, staging);
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  for (const path of [staging, compiled]) rmSync(path, { recursive: true, force: true });
}

function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', compiled], {
    cwd: root,
    stdio: 'inherit',
  });
  if (done.status !== 0) throw new Error('tsc reported errors');
}

async function bundleEntries() {
  /** @type {{ exports: Record<string, string | { default: string }> }} */
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : entry.default));
  await bundle({
    entryPoints: [...entries.map((path) => path.replace('./dist/', '')), command].map((path) => join(compiled, path)),
    absWorkingDir: compiled,
    outbase: compiled,
    outdir: staging,
    // At one depth with the entry of the command: what they find beside them is found from both.
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
  cpSync(compiled, staging, { recursive: true, filter: (path) => !/\.js(\.map)?$/.test(path) });
  chmodSync(join(staging, command), 0o755);
}

/**
 * An example with a page has `examples/<name>/build.mjs`, which exports `build({ distDir, modulesDir, outDir })`: it writes
 * static files and `app.mjs` to outDir. Its page is bundled with the client's modules: of those that were bundled once
 * already, those parts would be left that are there for their order alone.
 * @param {string} name
 */
async function addExample(name) {
  const script = join(root, 'examples', name, 'build.mjs');
  const { build } = await import(pathToFileURL(script).href);
  await build({ distDir: staging, modulesDir: compiled, outDir: join(staging, `examples-${name}`) });
}

/**
 * In one step: who reads meanwhile finds the old folder or the new one.
 * @param {string} old
 * @param {string} next
 */
function replace(old, next) {
  const aside = `${staging}.old`;
  if (existsSync(old)) renameSync(old, aside);
  renameSync(next, old);
  rmSync(aside, { recursive: true, force: true });
}
