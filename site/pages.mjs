// @ts-check
/** Which files of the repository are pages of the site, where each has its address, and in which order readers find them. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { root } from '../scripts/setup.mjs';

/** What is left out of the site: packages, what is built, and what has its own readers. */
const leftOut = new Set(['node_modules', 'dist', 'coverage', 'findings', 'test']);

/**
 * @param {string} [folder] relative to the repository
 * @returns {string[]} paths of all Markdown that becomes pages, sorted
 */
export function markdownFiles(folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.name.startsWith('.') || leftOut.has(entry.name)) return [];
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return markdownFiles(path);
      return entry.name.endsWith('.md') ? [path] : [];
    })
    .sort();
}

/**
 * docs/ is the root of the site, what lies beside it keeps its folder, and a README is the page of its folder.
 * @param {string} file Markdown, relative to the repository
 * @returns {string} the page's file, relative to the site
 */
export function pageOf(file) {
  if (file === 'README.md') return 'readme.md';
  if (file === 'docs/README.md') return 'contents.md';
  const path = file.startsWith('docs/') ? file.slice('docs/'.length) : file;
  if (!path.includes('/')) return path.toLowerCase();
  return path.replace(/(^|\/)README\.md$/, '$1index.md');
}

/** @typedef {{ text: string, link: string }} Entry */
/** @typedef {{ text: string, items: Entry[] }} Section */

/**
 * The tables of docs/README.md: a section for each heading, an entry for each link of the first column.
 * @returns {Section[]}
 */
export function sections() {
  const contents = readFileSync(join(root, 'docs/README.md'), 'utf8');
  return contents
    .split(/^## /m)
    .slice(1)
    .flatMap((part) => {
      const [title = ''] = part.split('\n');
      const rows = [...part.matchAll(/^\| (\[[^|]*) \|/gm)].map(([, cell = '']) => cell);
      const items = rows.flatMap((cell) => [...cell.matchAll(/\[([^\]]+)\]\(([^)#]+)\)/g)].map(entryOf));
      return items.length === 0 ? [] : [{ text: title, items: items.flat() }];
    });
}

/**
 * @param {RegExpMatchArray} link
 * @returns {Entry[]}
 */
function entryOf([, text = '', target = '']) {
  const file = posix.normalize(posix.join('docs', target));
  if (!file.endsWith('.md')) return [];
  return [{ text: text.replace(/\.md$/, ''), link: `/${pageOf(file)}` }];
}

/**
 * @param {string} file
 * @param {string} target of a link, without its anchor
 * @returns {string} what it leads to, relative to the repository
 */
export function targetOf(file, target) {
  return posix.normalize(posix.join(dirname(file), decodeURIComponent(target))).replace(/\/$/, '');
}
