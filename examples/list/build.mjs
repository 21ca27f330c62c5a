// @ts-check
/** Writes the table of examples for `fanfare dev`, and the page that lists them. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { examples } from '../examples.mjs';

const source = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param {{ outDir: string }} options outDir: where the files go
 */
export function build({ outDir }) {
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'table.json'), `${JSON.stringify(examples, undefined, 2)}\n`);
  copyFileSync(join(source, 'style.css'), join(outDir, 'style.css'));
  const rows = examples.map(
    ({ name, title, about }) =>
      `<li><h2>${escaped(title)}</h2><p>${escaped(about)}</p><p><code>npm start -- --example ${escaped(name)}</code></p></li>`,
  );
  const page = readFileSync(join(source, 'index.html'), 'utf8').replace('<!-- examples -->', () => rows.join('\n'));
  writeFileSync(join(outDir, 'index.html'), page);
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
