// @ts-check
/** Other runtimes than the one at hand, as npm has their binaries: each installed once, in a folder of its own. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from './run-npm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const isWindows = process.platform === 'win32';
const os = isWindows ? 'win' : process.platform;
const exe = isWindows ? '.exe' : '';

/**
 * Name and place of the binary in its package. Packages of their own, since the usual ones run an install script.
 * @type {Readonly<Record<'node' | 'deno' | 'bun', { name: string, path: string }>>}
 */
const packages = {
  node: { name: `node-${os}-${process.arch}`, path: `bin/node${exe}` },
  deno: {
    name: `@deno/${isWindows ? 'win32' : os}-${process.arch}${os === 'linux' ? '-glibc' : ''}`,
    path: `deno${exe}`,
  },
  bun: {
    name: `@oven/bun-${isWindows ? 'windows' : os}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`,
    path: `bin/bun${exe}`,
  },
};

/** What `npm run test:runtimes` and CI try beside Node. */
export const otherRuntimes = /** @type {const} */ ({ deno: '2.9.6', bun: '1.4.5' });

/**
 * @param {'node' | 'deno' | 'bun'} runtime
 * @param {string} version exact, or a major one
 * @returns {string} where the binary is, or would be
 */
export function runtimePath(runtime, version) {
  const { name, path } = packages[runtime];
  return join(folderOf(runtime, version), 'node_modules', name, path);
}

/**
 * Installs the binary where it is missing. A reinstallation of the dependencies empties the folder.
 * @param {'node' | 'deno' | 'bun'} runtime
 * @param {string} version
 */
export function installRuntime(runtime, version) {
  const binary = runtimePath(runtime, version);
  if (existsSync(binary)) return binary;
  const folder = folderOf(runtime, version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const { name } = packages[runtime];
  runNpm(['install', `${name}@${version}`, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
  return binary;
}

/**
 * @param {string} runtime
 * @param {string} version
 */
function folderOf(runtime, version) {
  return join(root, 'node_modules', '.cache', `${runtime}${version}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [runtime, version] of Object.entries(otherRuntimes)) {
    // safe: the keys of otherRuntimes
    console.log(installRuntime(/** @type {'deno' | 'bun'} */ (runtime), version));
  }
  // Those of Node that are asked for, by their major versions.
  for (const version of process.argv.slice(2)) console.log(installRuntime('node', version));
}
