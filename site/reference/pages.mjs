// @ts-check
/** The pages of the reference: one for each entry of the package, written by TypeDoc, and one for the HTTP API. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup.mjs';
import { jsonOf, readEntries } from './entries.mjs';
import { httpPage } from './http.mjs';
import { problemsOf } from './rules.mjs';

/**
 * @param {string} folder to write to
 * @returns {Promise<string[]>} what docstrings do not say; the pages are written nevertheless
 */
export async function writeReference(folder) {
  const read = await readEntries({
    plugins: ['typedoc-plugin-markdown'],
    options: {
      outputs: [{ name: 'markdown', path: folder }],
      entryFileName: 'index',
      outputFileStrategy: 'modules',
      hidePageHeader: true,
      hideBreadcrumbs: true,
      hideGroupHeadings: false,
      useCodeBlocks: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      classPropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      indexFormat: 'table',
    },
  });
  await read.app.generateOutputs(read.project);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'http.md'), httpPage(readFileSync(join(root, 'docs/api/openapi.yaml'), 'utf8')));
  return problemsOf(jsonOf(read));
}
