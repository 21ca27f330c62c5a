// @ts-check
/**
 * Builds dist/, which is published: one bundle for each entry of package.json with the chunks that they share, so that
 * a program reads a dozen files at its start and not 400, their types, the console's page, the examples, and the
 * licences of what was bundled.
 * The modules as they were compiled stay in .cache/modules/, for tools that look at single ones.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build as buildConsole } from '../console/build.mjs';
import { examples } from '../examples/examples.mjs';
import { build as buildExampleList } from '../examples/list/build.mjs';
import { bundled, bundledPackages } from './package/bundled.mjs';
import { keepDeclarations } from './package/declarations.mjs';
import { addSources, licencesFile, licencesOf } from './package/licences.mjs';
import { modules, root } from './setup.mjs';

const target = join(root, 'dist');
const staging = `${target}.${process.pid}.next`;
const compiled = `${modules}.${process.pid}.next`;
const command = 'cli/main.js';

try {
  compile();
  /** @type {import('./package/licences.mjs').Sources} */
  const sources = new Map();
  addSources(sources, await bundleEntries(), compiled);
  addSources(sources, await buildConsole({ outDir: join(staging, 'console') }), process.cwd());
  buildExampleList({ outDir: join(staging, 'examples') });
  for (const { name } of examples) {
    for (const bundle of await addExample(name)) addSources(sources, bundle, process.cwd());
  }
  writeFileSync(join(staging, licencesFile), licencesOf(sources));
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
  const { metafile } = await bundle({
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
    plugins: [bundledPackages()],
    metafile: true,
    logLevel: 'warning',
  });
  cpSync(compiled, staging, { recursive: true, filter: (path) => !/\.(js|map)$/.test(path) });
  keepDeclarations({
    folder: staging,
    entries: entries.map((path) => path.replace('./dist/', '').replace(/\.js$/, '.d.ts')),
    packages: bundled,
    modules: join(root, 'node_modules'),
  });
  chmodSync(join(staging, command), 0o755);
  return metafile;
}

/**
 * An example with a page has `examples/<name>/build.mjs`, which exports `build({ distDir, modulesDir, outDir })`: it writes
 * static files and `app.mjs` to outDir, and returns what esbuild says of its bundles. Its page is bundled with the client's modules: of those that were bundled once
 * already, those parts would be left that are there for their order alone.
 * @param {string} name
 */
async function addExample(name) {
  const script = join(root, 'examples', name, 'build.mjs');
  /** @type {{ build: (options: object) => Promise<import('esbuild').Metafile[]> }} */
  const { build } = await import(pathToFileURL(script).href);
  return await build({ distDir: staging, modulesDir: compiled, outDir: join(staging, `examples-${name}`) });
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
