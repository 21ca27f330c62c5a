// @ts-check
/**
 * `npm run test:quick`: tests for each change, a few minutes: what imports a changed file in `unit`, `runtime` and
 * `protocol`, changed test files but those of fleets and browsers, and what holds documents and tables against the code.
 * `--since COMMIT` compares with another commit than the one where the branch left `main`; more is passed on to vitest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, setupOrExit } from './setup.mjs';

/** They read files, so that no import tells which change concerns them; a minute together. */
export const always = [
  'src/cli/primary-figures.test.ts',
  'test/asyncapi/document.test.ts',
  'test/centrifuge/answers.test.ts',
  'test/config/reference-page.test.ts',
  'test/conformance/protocol-document.test.ts',
  'test/docs/channels.test.ts',
  'test/docs/conformance.test.ts',
  'test/docs/defaults.test.ts',
  'test/docs/exercises.test.ts',
  'test/docs/guarantees.test.ts',
  'test/docs/links.test.ts',
  'test/docs/listings.test.ts',
  'test/docs/metrics-table.test.ts',
  'test/docs/names.test.ts',
  'test/docs/tables.test.ts',
  'test/http-api/openapi.test.ts',
  'test/observe/rules.test.ts',
  'test/readme.test.ts',
  'test/refusals/options.test.ts',
];

/** Where what imports a changed file is run. */
const ofImports = ['unit', 'runtime', 'protocol'];
/** Nearly all of `integration` imports the server: of that, only test files that are changed themselves. */
const projects = [...ofImports, 'integration'];

/**
 * What vitest is told to run.
 * @param {readonly string[]} changed files, from the root
 * @returns {string[][]} the arguments of each run
 */
export function runsFor(changed) {
  const isTest = (/** @type {string} */ path) => /\.test\.tsx?$/.test(path);
  const code = changed.filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !isTest(path));
  const tests = [...new Set([...always, ...changed.filter(isTest)])];
  const named = ['run', ...tests, ...chosen(projects)];
  return code.length === 0
    ? [named]
    : [named, ['related', '--run', ...code, ...chosen(ofImports), '--passWithNoTests']];
}

/** @param {readonly string[]} projects */
function chosen(projects) {
  return projects.flatMap((name) => ['--project', name]);
}

/** @param {string[]} args */
function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.trim()}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** @param {string | undefined} since */
function changedFiles(since) {
  const main = ['main', 'origin/main'].find(
    (name) => spawnSync('git', ['rev-parse', '--verify', '--quiet', name], { cwd: root }).status === 0,
  );
  const [from = 'HEAD'] = since !== undefined ? [since] : main !== undefined ? git('merge-base', 'HEAD', main) : [];
  return [
    ...git('diff', '--name-only', '--relative', from),
    ...git('ls-files', '--others', '--exclude-standard'),
  ].filter((path) => existsSync(join(root, path)));
}

function main() {
  const given = process.argv.slice(2);
  const at = given.indexOf('--since');
  const since = at === -1 ? undefined : given.splice(at, 2)[1];
  const changed = changedFiles(since);
  console.log(`fanfare: tests of ${changed.length} changed files and of what imports them, but fleets and browsers`);
  setupOrExit();
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const options = ['--reporter=default', `--reporter=${join(root, 'scripts', 'progress-reporter.mjs')}`, ...given];
  const failed = runsFor(changed).filter(
    (args) => spawnSync(process.execPath, [vitest, ...args, ...options], { cwd: root, stdio: 'inherit' }).status !== 0,
  );
  if (failed.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
