// @ts-check
/** Runs tests on other Nodes: `node scripts/test-on-node.mjs 22 24 [vitest arguments]`. The binaries come from npm. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installRuntime } from './runtime-binary.mjs';
import { root, setupOrExit } from './setup.mjs';

const given = process.argv.slice(2);
const numVersions = given.findIndex((argument) => !/^\d+$/.test(argument));
const versions = numVersions === -1 ? given : given.slice(0, numVersions);
const vitestArgs = given.slice(versions.length);
if (versions.length === 0) {
  console.error('usage: node scripts/test-on-node.mjs <major version of Node>... [vitest arguments]');
  process.exit(2);
}

setupOrExit();
const failed = versions.filter((version) => {
  const node = installRuntime('node', version);
  const found = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (found.status !== 0) throw new Error(`${node} does not run`, { cause: found.error });
  console.log(`test-on-node: ${found.stdout.trim()}`);
  // Tests that start a process of their own take process.execPath, so they get this Node as well.
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  return spawnSync(node, [vitest, 'run', ...vitestArgs], { cwd: root, stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`test-on-node: failed on Node ${failed.join(', ')}`);
  process.exit(1);
}
