// @ts-check
/**
 * Measures the code itself, so that a change of its structure can be judged: size, writable state, what an action enters.
 * With `--list`, which functions those are.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureEntered } from './house/entered.mjs';
import { publicMutableFields } from './house/fields.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const classes = /** @type {const} */ (['Session', 'Subscription']);

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string[]} files */
function linesOf(files) {
  return files.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0);
}

/** @param {string} className */
function fileOf(className) {
  const declaration = new RegExp(`^export class ${className}\\b`, 'm');
  const file = filesIn('src').find((path) => declaration.test(readFileSync(path, 'utf8')));
  if (file === undefined) throw new Error(`no class ${className} in src/`);
  return file;
}

const isTest = (/** @type {string} */ path) => /\.(test|test-d)\.tsx?$/.test(path);
const src = filesIn('src');
const test = [...src.filter(isTest), ...filesIn('test')];
const helpers = filesIn('test').filter((path) => !isTest(path));
const actions = await measureEntered();
const rows = [
  ['lines of src/', linesOf(src.filter((path) => !isTest(path)))],
  ['lines of tests', linesOf(test)],
  ['  of which helpers in test/', linesOf(helpers)],
  ...classes.map((name) => {
    const fields = publicMutableFields(fileOf(name), name);
    return [`public mutable fields of ${name}`, `${fields.length} (${fields.join(', ')})`];
  }),
  ...actions.map(({ action, functions, files }) => [action, `${functions.length} functions in ${files.size} files`]),
];
for (const [what, figure] of rows) console.log(`${String(what).padEnd(50)} ${figure}`);
if (process.argv.includes('--list')) {
  for (const { action, functions } of actions) console.log(`\n${action}\n  ${functions.toSorted().join('\n  ')}`);
}
