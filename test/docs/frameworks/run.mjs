// @ts-check
/** `npm run test:frameworks`: installs what is too large for every clone, then follows and compiles the pages that need it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = `${root}.cache/frameworks`;

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(program, args, cwd) {
  const { status } = spawnSync(program, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

mkdirSync(folder, { recursive: true });
copyFileSync(`${root}test/docs/frameworks/package.json`, `${folder}/package.json`);
run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'], folder);
run('npx', ['vitest', 'run', 'test/docs/recipes.test.ts', '-t', 'auth-js|nestjs'], root);
run('npx', ['vitest', 'run', 'test/docs/listings.test.ts', '-t', 'compile'], root);
