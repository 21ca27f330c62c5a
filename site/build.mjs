// @ts-check
/** `npm run site`: the documentation as a site, in .cache/site/html; pages are written to .cache/site/pages first. */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'vitepress';
import { root } from '../scripts/setup.mjs';
import { home } from './home.mjs';
import { forSite } from './links.mjs';
import { markdownFiles, pageOf } from './pages.mjs';
import { base, html, pages, problemsFile } from './places.mjs';
import { writeReference } from './reference/pages.mjs';
import { writeSources } from './sources.mjs';

const began = Date.now();
rmSync(pages, { recursive: true, force: true });
const files = join(pages, 'public');
cpSync(join(root, 'docs/images'), join(files, 'images'), { recursive: true });
cpSync(join(root, 'site/public'), files, { recursive: true });

/** @type {Set<string>} */
const sources = new Set();
for (const file of markdownFiles()) {
  const text = forSite(file, readFileSync(join(root, file), 'utf8'), (path) => sources.add(path));
  write(pageOf(file), text);
}
write('index.md', home(readFileSync(join(root, 'README.md'), 'utf8')));
writeSources(sources, files, base);
const problems = await writeReference(join(pages, 'reference'));
writeFileSync(problemsFile, JSON.stringify(problems));

await build(join(root, 'site'));
if (problems.length > 0)
  console.warn(`site: ${problems.length} docstrings say too little; npm run check:reference names them`);
console.log(`site: ${html} in ${((Date.now() - began) / 1_000).toFixed(0)} s; npm run site:serve shows it`);

/**
 * @param {string} path relative to the pages
 * @param {string} text
 */
function write(path, text) {
  const file = join(pages, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
