// @ts-check
/** Checks what npm would publish: publint, the types of every entry (attw) and of programs with them, unused code (knip), the client's bundle, the console's page. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pack } from './package/packed.mjs';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();

// Packed once: each tool for itself would build it anew.
const packed = pack(join(root, '.cache', 'package'));

const tool = (/** @type {string} */ path) => join(root, 'node_modules', path);

/** @type {Array<[name: string, args: string[]]>} */
const checks = [
  ['publint', [tool('publint/src/cli.js'), packed, '--strict']],
  ['attw', [tool('@arethetypeswrong/cli/dist/index.js'), packed, '--profile', 'esm-only', '--format', 'ascii']],
  ['types of users', [join(root, 'scripts', 'check-user-types.mjs')]],
  ['knip', [tool('knip/bin/knip.js')]],
  ['client bundle', [join(root, 'scripts', 'check-client-bundle.mjs')]],
  ['console', [join(root, 'scripts', 'check-console-bundle.mjs')]],
];

const failed = checks.filter(([name, args]) => {
  console.log(`check-package: ${name}`);
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  console.error(`check-package: failed: ${failed.map(([name]) => name).join(', ')}`);
  process.exitCode = 1;
}
