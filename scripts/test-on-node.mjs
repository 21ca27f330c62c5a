// @ts-check
/** Runs tests on another Node: `node scripts/test-on-node.mjs 22 [vitest arguments]`. The binary comes from npm. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installRuntime } from './runtime-binary.mjs';
import { root, setupOrExit } from './setup.mjs';

const [version = '', ...vitestArgs] = process.argv.slice(2);
if (!/^\d+$/.test(version)) {
  console.error('usage: node scripts/test-on-node.mjs <major version of Node> [vitest arguments]');
  process.exit(2);
}

setupOrExit();
const node = installRuntime('node', version);
const found = spawnSync(node, ['--version'], { encoding: 'utf8' });
if (found.status !== 0) throw new Error(`${node} does not run`, { cause: found.error });
console.log(`test-on-node: ${found.stdout.trim()}`);

// Tests that start a process of their own take process.execPath, so they get this Node as well.
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const done = spawnSync(node, [vitest, 'run', ...vitestArgs], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
