/** docs/operations/codes.md explains each code of the tables of the sources, and no other, and cites what is there. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toClientError } from '../../src/client/client-error.js';
import { optionPaths } from '../../src/config/options.js';
import { disconnectCodes, errorCodes, unsubscribeCodes } from '../../src/model/codes.js';
import { readPage, root } from './page.js';

const page = readPage('docs/operations/codes.md');

/** Each code of a chapter, with its text. */
function chapter(heading: string): ReadonlyMap<number, string> {
  const text = page.slice(page.indexOf(`\n## ${heading}\n`) + 1).split('\n## ')[0] ?? '';
  const sections = text.split('\n### ').slice(1);
  return new Map(sections.map((section) => [Number(section.split('\n')[0]), section]));
}

const tables = [
  ['Errors', Object.values(errorCodes).map(({ code, message }) => [code, message])],
  ['Closes', Object.values(disconnectCodes).map(({ code, reason }) => [code, reason])],
  ['Ends of subscriptions', Object.values(unsubscribeCodes).map(({ code, reason }) => [code, reason])],
] as const;

test.each(tables)('%s: each once, by its words, with who, what to look at, and what to change', (heading, table) => {
  const explained = chapter(heading);
  expect([...explained.keys()]).toEqual(table.map(([code]) => code));
  for (const [code, words] of table) {
    const section = explained.get(Number(code)) ?? '';
    expect(section).toContain(`\`${words}\``);
    for (const part of ['Who', 'Look at', 'Change']) expect(section, `${code}`).toContain(`\n- **${part}**: `);
  }
});

test('errors have their names in the client', () => {
  for (const [code, section] of chapter('Errors')) expect(section).toContain(`\`${toClientError({ code }).code}\``);
});

test('numbers of the SDK have the names that the client gives them', () => {
  const [, text = ''] = /\n## Errors of the SDK\n([\s\S]*?)\n## /.exec(page) ?? [];
  const named = [...text.matchAll(/`(ERR_\w+)`\s\(([\d, ]+)\)/g)].flatMap(([, name = '', numbers = '']) =>
    numbers.split(', ').map((number) => [Number(number), name] as const),
  );
  expect(named.map(([number]) => number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (const [code, name] of named) expect(toClientError({ code }).code).toBe(name);
});

test('checks and options that it cites are there', () => {
  const sources = readdirSync(`${root}src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');
  const checks = [...page.matchAll(/`check: ([a-z ]+)`/g)].map(([, check = '']) => check);
  expect(new Set(checks).size).toBeGreaterThan(10);
  expect(checks.filter((check) => !sources.includes(`check: '${check}'`))).toEqual([]);
  const known: readonly string[] = optionPaths;
  const options = [...page.matchAll(/`(?:option: )?((?:limits|shutdown|token|personal|transports)\.\w+)`/g)];
  expect(options.length).toBeGreaterThan(10);
  expect(options.map(([, option = '']) => option).filter((option) => !known.includes(option))).toEqual([]);
});
