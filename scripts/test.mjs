// @ts-check
/** `npm test`: makes the clone ready, then runs the tests once; arguments are passed on to vitest. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const given = process.argv.slice(2);
// Whoever names reporters gets those, and what the run is about besides.
const reporters = given.some((argument) => argument.startsWith('--reporter')) ? [] : ['--reporter=default'];
const progress = `--reporter=${join(root, 'scripts', 'progress-reporter.mjs')}`;
const options = ['run', ...reporters, progress, ...given];
const done = spawnSync(process.execPath, [vitest, ...options], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
