/** Tables of the pages that are about what is declared in code: the methods of the HTTP API, the options of a rule. */

import * as v from 'valibot';
import { expect, it, test } from 'vitest';
import { channels } from '../../src/config/channel-config.js';
import { OpenApi } from '../support/documents/openapi.js';
import { readPage } from './page.js';

/** Cells of the rows behind a heading, by the code span in the first one. */
function rowsUnder(page: string, heading: string): string[][] {
  const text = readPage(page);
  const section = text.slice(text.indexOf(`\n## ${heading}\n`) + 1);
  const end = section.indexOf('\n## ');
  return [...section.slice(0, end).matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
}

const codeIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

test('docs/guide/backend.md lists the methods of the HTTP API with their fields', () => {
  const openApi = new OpenApi();
  const described = Object.entries(openApi.document.paths).map(([path, { post }]) => {
    const schema = post?.requestBody.content['application/json'].schema ?? {};
    const { properties = {} } = openApi.resolve(schema);
    return [path.slice('/api/'.length), new Set(Object.keys(properties))] as const;
  });
  const listed = rowsUnder('docs/guide/backend.md', 'All methods').flatMap(([methods, fields = '']) =>
    codeIn(methods).map((method) => [method, codeIn(fields.replace('those of `publish`', ''))] as const),
  );
  const fieldsOf = new Map(described);
  expect(new Set(listed.map(([method]) => method))).toEqual(new Set(fieldsOf.keys()));
  for (const [method, fields] of listed) {
    expect(
      fields.filter((field) => !fieldsOf.get(method)?.has(field)),
      method,
    ).toEqual([]);
  }
});

const rules = rowsUnder('docs/operations/configuration.md', 'Channel rules');

/** Whether a configuration may say this of a channel. */
function isAccepted(key: string, value: unknown): boolean {
  const [group = '', member] = key.split('.');
  const rule = member === undefined ? { [group]: value } : { history: { size: 1, ttl: '1m', [member]: value } };
  return v.safeParse(channels().schema, { 'a:{b}': rule }).success;
}

const words = 'true false nobody anyone user subscriber token hook stream cache off push'.split(' ');
const meaning = (word: string) => (word === 'true' || word === 'false' ? word === 'true' : word);

const options = ['subscribe', 'publish', 'history.read', 'presence', 'recovery', 'joinLeave', 'userLimited'];
it.each(options)('docs/operations/configuration.md lists all that %s can be', (key) => {
  const row = rules.find(([name]) => name === `\`${key}\``);
  expect(codeIn(row?.[1])).toEqual(words.filter((word) => isAccepted(key, meaning(word))));
});
