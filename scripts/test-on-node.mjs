// @ts-check
/** Runs tests on another Node: `node scripts/test-on-node.mjs 22 [vitest arguments]`. The binary comes from npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './run-npm.mjs';
import { root, setupOrExit } from './setup.mjs';

const [version = '', ...vitestArgs] = process.argv.slice(2);
if (!/^\d+$/.test(version)) {
  console.error('usage: node scripts/test-on-node.mjs <major version of Node> [vitest arguments]');
  process.exit(2);
}

setupOrExit();
const node = nodeBinary(version);
const found = spawnSync(node, ['--version'], { encoding: 'utf8' });
if (found.status !== 0) throw new Error(`${node} does not run`, { cause: found.error });
console.log(`test-on-node: ${found.stdout.trim()}`);

// Tests that start a process of their own take process.execPath, so they get this Node as well.
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const done = spawnSync(node, [vitest, 'run', ...vitestArgs], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);

/**
 * Installs the binary once, in a folder that a reinstallation of the dependencies empties.
 * @param {string} major
 */
function nodeBinary(major) {
  const isWindows = process.platform === 'win32';
  const packageName = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, 'node_modules', '.cache', `node${major}`);
  const binary = join(folder, 'node_modules', packageName, 'bin', isWindows ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  runNpm(['install', `${packageName}@${major}`, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
  return binary;
}
