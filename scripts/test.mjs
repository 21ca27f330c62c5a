// @ts-check
/** `npm test`: makes the clone ready, then runs the tests once; arguments are passed on to vitest. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setupOrExit } from './setup.mjs';

const given = process.argv.slice(2);
// Before anything else: installing and building are silent for a minute each.
console.log(
  `fanfare: makes this clone ready (a minute or two the first time), then runs ${
    given.length === 0
      ? 'all tests: about twenty minutes on two cores; a quick look is npm test -- --project unit'
      : `vitest run ${given.join(' ')}`
  }`,
);
setupOrExit();

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
// Whoever names reporters gets those, and what the run is about besides.
const reporters = given.some((argument) => argument.startsWith('--reporter')) ? [] : ['--reporter=default'];
const progress = `--reporter=${join(root, 'scripts', 'progress-reporter.mjs')}`;
const options = ['run', ...reporters, progress, ...given];
const done = spawnSync(process.execPath, [vitest, ...options], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
