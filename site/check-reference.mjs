// @ts-check
/** `npm run check:reference`: fails on public names whose docstring is missing, or does not say what site/reference/rules.mjs asks for. */

import { jsonOf, readEntries } from './reference/entries.mjs';
import { problemsOf } from './reference/rules.mjs';

const problems = problemsOf(jsonOf(await readEntries()));
for (const problem of problems) console.error(problem);
console.log(
  `reference: ${problems.length === 0 ? 'every public name says what it has to' : `${problems.length} missing`}`,
);
if (problems.length > 0) process.exitCode = 1;
