/**
 * docs/guide/clients.md says what clients of many languages do. Its tables are made of results.json, which `npm run
 * test:clients` compares with all of them; some that are here anyway are asked each time. `vitest run test/clients -u`
 * writes the page.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPage, root } from '../docs/page.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';
import { catalogue } from './field/catalogue.js';
import type { Command } from './field/client-program.js';
import { type ClientResult, readResults } from './field/results.js';
import { eventFacts, streamFacts } from './field/stream-facts.js';
import { tables } from './field/tables.js';
import { webSocketFacts } from './field/websocket-facts.js';

const results = readResults();

test.each([
  ['docs/guide/clients.md', ['sizes', 'ends', 'times', 'events', 'lines', 'longest']],
  ['docs/guide/transports.md', ['time-outs']],
])('%s has what clients did', async (path, names) => {
  const made = tables(results);
  let page = readPage(path);
  for (const name of names) {
    const begin = `<!-- ${name}: written by test/clients/field.test.ts -->`;
    const end = `<!-- end of ${name} -->`;
    const [start, stop] = [page.indexOf(begin), page.indexOf(end)];
    expect(start, name).toBeGreaterThan(0);
    expect(stop, name).toBeGreaterThan(start);
    page = `${page.slice(0, start)}${begin}\n\n${made.get(name)}\n\n${page.slice(stop)}`;
  }
  await expect(page).toMatchFileSnapshot(root + path);
});

test('each client of the catalogue was asked, in the version that is pinned', () => {
  const clients = catalogue();
  expect(results.map(({ id }) => id)).toEqual(clients.map(({ id }) => id));
  const pinned = clients.filter(({ isPinned }) => isPinned).map(({ id, version }) => `${id} ${version}`);
  const asked = new Set(results.map(({ id, version }) => `${id} ${version}`));
  expect(pinned.filter((one) => !asked.has(one))).toEqual([]);
  expect(results.filter(({ facts, patience }) => facts === undefined || patience === undefined)).toEqual([]);
});

test('the packages for Python that are here anyway have the versions of the page', () => {
  const lines = (file: string) => readFileSync(`${root}${file}`, 'utf8').split('\n');
  const here = new Set(lines('test/python-requirements.txt'));
  const names = new Set([...here].map((line) => line.split('==')[0]));
  const both = lines('test/clients/field/python/requirements.txt').filter((line) =>
    names.has(line.split('==')[0] ?? ''),
  );
  expect(both.filter((line) => !line.startsWith('#') && line !== '').length).toBeGreaterThan(3);
  expect(both.filter((line) => !here.has(line) && !line.startsWith('#'))).toEqual([]);
});

const node = (id: string): [string, Command] => [
  id,
  { program: process.execPath, args: [`${root}test/clients/field/node/clients.mjs`, id] },
];
const python = (id: string): [string, Command] => [
  id,
  { program: pythonProgram('python'), args: [`${root}test/clients/field/python/clients.py`, id] },
];

/** What of it no load of the machine changes: not which of several signs of an end comes within a moment. */
function lasting(facts: ClientResult['facts'] | undefined): unknown {
  if (facts === undefined) return undefined;
  if ('closed' in facts) {
    const { maxMessageBytes, parts, refused, closed, answersPings, offers } = facts;
    const { status, retryAfter } = refused;
    return { maxMessageBytes, parts, status, retryAfter, closed, answersPings, offers };
  }
  const { maxLineBytes, refused } = facts;
  const statuses = Object.values(refused).map(({ status, retryAfter }) => [status, retryAfter]);
  const empty = 'emptyOfLoneComments' in facts && [facts.emptyOfLoneComments, facts.emptyOfCommentBlocks];
  return { maxLineBytes, statuses, empty, comesBack: facts.cut !== null };
}

/** As the page has it: what the long form has found. */
function expectAsBefore(id: string, facts: ClientResult['facts']): void {
  const before = results.find((result) => result.id === id)?.facts;
  expect(before).toBeDefined();
  expect(lasting(facts)).toEqual(lasting(before));
}

// Several at a time: each waits for what does not come.
describe.concurrent('clients that are here do what the page says', { timeout: 120_000 }, () => {
  test.each([node('ws'), node('undici6')])('%s', async (id, command) => {
    expectAsBefore(id, await webSocketFacts(command));
  });

  test.skipIf(!('WebSocket' in globalThis))("Node's own WebSocket", async () => {
    const major = process.versions.node.split('.')[0];
    const [, command] = node('own');
    const id = `own-${major}`;
    if (results.some((result) => result.id === id)) expectAsBefore(id, await webSocketFacts(command));
  });

  describe.skipIf(pythonIsMissing())('Python', () => {
    test.each([python('aiohttp'), python('websockets')])('%s', async (id, command) => {
      expectAsBefore(id, await webSocketFacts(command));
    });

    test.each([python('httpx-sse')])('%s', async (id, command) => expectAsBefore(id, await eventFacts(command)));

    test('aiohttp, by lines', async () => {
      const [id, command] = python('aiohttp-lines');
      expectAsBefore(id, await streamFacts(command, 'lines'));
    });
  });
});
