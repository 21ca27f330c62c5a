// @ts-check
/** The reference in the side bar: its pages, by the titles that they have. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from '../places.mjs';

/** @returns {import('../pages.mjs').Section[]} none while the reference is not written */
export function referenceSection() {
  const folder = join(pages, 'reference');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
  const items = files
    .filter((path) => path !== 'index.md')
    .map((path) => ({ text: titleOf(join(folder, path)), link: `/reference/${path.split('\\').join('/')}` }))
    .sort((one, other) => order(one.text, other.text));
  return [{ text: 'API', items }];
}

/** @param {string} file */
function titleOf(file) {
  const [, title = file] = /^# (.+)$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return title.replaceAll('\\', '');
}

/**
 * Names of entries first, as they are imported.
 * @param {string} one
 * @param {string} other
 */
function order(one, other) {
  const isEntry = (/** @type {string} */ title) => title.startsWith('fanfare');
  if (isEntry(one) !== isEntry(other)) return isEntry(one) ? -1 : 1;
  return one < other ? -1 : 1;
}
