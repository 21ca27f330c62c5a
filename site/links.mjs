// @ts-check
/** Markdown as it is in the repository, with links that lead to pages of the site. */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { pageOf, targetOf } from './pages.mjs';

/** Code, in which nothing is a link; comments, which nobody reads; and the two forms of links. */
const parts =
  /(?<code>^( *)```[\s\S]*?^\2```$|(?<ticks>`+)(?!`)[^\n]*?(?<!`)\k<ticks>(?!`))|(?<comment><!--[\s\S]*?-->\n?)|\]\((?<inline>[^()\s]+)\)|^(?<name>\[[^\]]+\]: )(?<reference>\S+)$/gm;

/**
 * @param {string} file relative to the repository
 * @param {string} text
 * @param {(path: string) => void} onSource told each file or folder that is linked and is no page
 */
export function forSite(file, text, onSource) {
  return text.replace(parts, (/** @type {unknown[]} */ ...match) => {
    const groups = /** @type {Record<string, string | undefined>} */ (match.at(-1));
    const [whole] = /** @type {[string]} */ (match);
    if (groups.code !== undefined) return whole;
    if (groups.comment !== undefined) return '';
    if (groups.inline !== undefined) return `](${addressOf(file, groups.inline, onSource)})`;
    return `${groups.name}${addressOf(file, groups.reference ?? '', onSource)}`;
  });
}

/**
 * @param {string} file
 * @param {string} link
 * @param {(path: string) => void} onSource
 * @returns {string} the address within the site; links to other hosts and within a page stay
 */
export function addressOf(file, link, onSource) {
  const [target = '', anchor] = link.split('#');
  if (target === '' || /^[a-z]+:/.test(link)) return link;
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const path = targetOf(file, target);
  if (path.endsWith('.md')) return `/${pageOf(path)}${hash}`;
  if (path.startsWith('docs/images/')) return path.slice('docs'.length);
  const full = join(root, path);
  if (!existsSync(full)) throw new Error(`${file}: there is no ${path}`);
  if (statSync(full).isDirectory() && existsSync(join(full, 'README.md')))
    return `/${pageOf(`${path}/README.md`)}${hash}`;
  onSource(path);
  return sourceAddress(path);
}

/** @param {string} path of a file or folder that is no page, relative to the repository */
export const sourceAddress = (path) => `/files/${path}.html`;

/**
 * The name of a heading in addresses: lower case, spaces to dashes, punctuation gone, as where the repository is read.
 * @param {string} heading
 */
export const slug = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-');
