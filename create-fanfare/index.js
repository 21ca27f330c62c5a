#!/usr/bin/env node
// @ts-check
/** `npm create fanfare`: asks what is to be built, and writes a small project that runs. */

import { createInterface } from 'node:readline/promises';
import { CreateError, readArguments } from './src/arguments.js';
import { defaults, help, questions } from './src/choices.js';
import { writeProject } from './src/write-project.js';

try {
  const { isHelp, isYes, choices, fanfare } = readArguments(process.argv.slice(2));
  if (isHelp) console.log(help);
  else {
    const answers = await complete(choices, isYes);
    const { folder: name, kind, host, broker } = answers;
    const files = writeProject({ folder: name, kind, host, broker, ...(fanfare !== undefined && { fanfare }) });
    console.log(`${files.length} files in ${name}: ${kind}, ${host}, ${broker}. Next:

  cd ${name}
  npm install
  npm test
  npm start`);
  }
} catch (error) {
  if (!(error instanceof CreateError)) throw error;
  console.error(`error ${error.message} (${error.code})`);
  process.exitCode = error.code === 'ERR_USAGE' ? 2 : 1;
}

/**
 * Asks for what was not given; with `--yes`, and where nobody can answer, takes the defaults.
 * @param {Partial<import('./src/choices.js').Answers>} given
 * @param {boolean} isYes
 * @returns {Promise<import('./src/choices.js').Answers>}
 */
async function complete(given, isYes) {
  const missing = questions.filter(({ name }) => given[name] === undefined);
  if (missing.length === 0 || isYes) return { ...defaults, ...given };
  if (!process.stdin.isTTY) {
    const flags = missing.map(({ flag }) => flag).join(', ');
    throw new CreateError('ERR_USAGE', `nobody can be asked here: give ${flags}, or --yes for the defaults`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  /** @type {Record<string, string>} */
  const answers = {};
  try {
    for (const { name, text, values } of missing) {
      const choice = values.length === 0 ? '' : ` ${values.join(', ')}`;
      for (;;) {
        const answer = (await terminal.question(`${text}${choice} [${defaults[name]}] `)).trim() || defaults[name];
        if (values.length > 0 && !values.includes(answer)) continue;
        answers[name] = answer;
        break;
      }
    }
  } finally {
    terminal.close();
  }
  return { ...defaults, ...given, ...answers };
}
