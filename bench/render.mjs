// @ts-check
/**
 * Writes figures from bench/results/ to where they are used: the constants of `fanfare plan`, the tables of the pages,
 * and what the calculator prints there. `--check` writes nothing and exits with 1 if something is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { rendered } from './render/files.mjs';

const root = new URL('../', import.meta.url);
const isCheck = process.argv.includes('--check');
// The build has the calculator; its constants are not used.
const load = (/** @type {string} */ name) => import(new URL(`.cache/modules/cli/${name}.js`, root).href);
const calculator = { ...(await load('plan/use')), ...(await load('plan')), ...(await load('arguments')) };
const files = await rendered((name) => readFileSync(new URL(name, root), 'utf8'), calculator);
let stale = 0;
for (const [path, text] of Object.entries(files)) {
  if (readFileSync(new URL(path, root), 'utf8') === text) continue;
  stale += 1;
  console.log(isCheck ? `not up to date: ${path}` : `wrote ${path}`);
  if (!isCheck) writeFileSync(new URL(path, root), text);
}
if (isCheck && stale > 0) process.exitCode = 1;
