// @ts-check
/** `npm test`: makes the clone ready, then runs the tests once; arguments are passed on to vitest. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setupOrExit } from './setup.mjs';

setupOrExit();

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const done = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
