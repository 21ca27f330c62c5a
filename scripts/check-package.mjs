// @ts-check
/** Checks what npm would publish: publint, the types of every entry (attw) and of programs with them, unused code (knip), the client's bundle, the console's page. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './run-npm.mjs';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();

// Packed once, of what is built: each tool for itself would build it anew.
const folder = join(root, '.cache', 'package');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
runNpm(['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
const [name = 'nothing was packed'] = readdirSync(folder);
const packed = join(folder, name);

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
