// @ts-check
/** Pages of source files that the documentation links to: plain text with numbered lines, without scripts. */

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../scripts/setup.mjs';
import { sourceAddress } from './links.mjs';

/**
 * @param {ReadonlySet<string>} paths files and folders, relative to the repository
 * @param {string} folder to write to
 * @param {string} base of the site, with slashes around
 */
export function writeSources(paths, folder, base) {
  for (const path of paths) {
    const file = join(folder, sourceAddress(path));
    mkdirSync(dirname(file), { recursive: true });
    const content = statSync(join(root, path)).isDirectory() ? listOf(path, paths, base) : linesOf(path);
    writeFileSync(file, page(path, content, base));
  }
}

/** @param {string} path */
function linesOf(path) {
  const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n');
  // A span for each line: the number is drawn by the style sheet, so that it is not copied.
  return `<pre tabindex="0"><code>${lines.map((line, at) => `<span id="L${at + 1}">${escaped(line)}\n</span>`).join('')}</code></pre>`;
}

/**
 * @param {string} path
 * @param {ReadonlySet<string>} paths
 * @param {string} base
 */
function listOf(path, paths, base) {
  const names = readdirSync(join(root, path)).sort();
  const item = (/** @type {string} */ name) => {
    const full = `${path}/${name}`;
    const text = escaped(name);
    return `<li>${paths.has(full) ? `<a href="${base.slice(0, -1)}${sourceAddress(full)}">${text}</a>` : text}</li>`;
  };
  return `<ul>${names.map(item).join('')}</ul>`;
}

/** @param {string} text */
export const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/**
 * @param {string} path
 * @param {string} content
 * @param {string} base
 */
function page(path, content, base) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(path)} | Fanfare</title>
<link rel="icon" href="${base}icon.svg">
<link rel="stylesheet" href="${base}files.css">
</head>
<body>
<header><a href="${base}">Fanfare</a> <span aria-hidden="true">/</span> <a href="${base}contents.html">Documentation</a></header>
<main><h1>${escaped(path)}</h1>${content}</main>
</body>
</html>
`;
}
