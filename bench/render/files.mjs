// @ts-check
/** All files with parts from result files, as they must be. */
import { measuredFrom, measuredModule } from './measured.mjs';
import { partsFrom, withParts, withPlans } from './pages.mjs';

const PAGES = ['README.md', 'docs/operations/scaling.md', 'bench/README.md'];

/**
 * @typedef {import('./pages.mjs').Calculator
 *   & Pick<typeof import('../../src/cli/plan.js'), 'planCommand'>
 *   & Pick<typeof import('../../src/cli/arguments.js'), 'parseCommandLine'>} WholeCalculator
 */

/**
 * @param {(path: string) => string} read a file of the repository
 * @param {WholeCalculator} calculator
 * @returns {Promise<Record<string, string>>} by path
 */
export async function rendered(read, calculator) {
  const result = (/** @type {string} */ name) => JSON.parse(read(`bench/results/${name}.json`));
  const results = {
    servers: result('latest'),
    brokers: result('brokers'),
    capacity: result('capacity'),
    peers: result('peers'),
  };
  const measured = measuredFrom(results);
  const parts = partsFrom(results, measured, calculator);
  /** @type {Record<string, string>} */
  const files = { 'src/cli/plan/measured.ts': measuredModule(measured) };
  for (const page of PAGES) {
    files[page] = await withPlans(withParts(read(page), parts), (args) => printed(calculator, measured, args));
  }
  return files;
}

/**
 * What `fanfare plan` prints with these constants.
 * @param {WholeCalculator} calculator
 * @param {import('./measured.mjs').Measured} measured
 * @param {string[]} args
 */
async function printed({ planCommand, parseCommandLine }, measured, args) {
  /** @type {string[]} */
  const lines = [];
  const line = (/** @type {string} */ text) => void lines.push(text);
  const plain = (/** @type {string} */ _style, /** @type {string} */ text) => text;
  const command = planCommand(measured);
  const terminal = { out: line, err: line, style: plain, styleErr: plain };
  await command.run(parseCommandLine(command, args), { terminal, env: {}, folder: '.', program: 'npx fanfare' });
  return `${lines.join('\n')}\n`;
}
