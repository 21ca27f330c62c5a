/** The recording that is part of the example is what the recorder makes today. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseBatch } from './lines.js';
import { recording } from './recording.js';

const kept = readFileSync(new URL('../recordings/final.jsonl', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('comes out the same from the command of the README', () => {
  const [, day, match, from, to] = /record\.mjs --day (\d+) --match (\S+) --from (\d+) --to (\d+)/.exec(readme) ?? [];
  expect(to).toBeDefined();
  const part = { day: Number(day), match: match ?? '', from: Number(from), to: Number(to) };
  expect([...recording(part)].map((batch) => `${JSON.stringify(batch)}\n`).join('')).toBe(kept);
});

it('begins with everything that a newcomer has to know', () => {
  const batches = kept.trimEnd().split('\n').map(parseBatch);
  const kinds = batches[0]?.lines.map(({ channel }) => channel.split(':')[0]);
  expect(new Set(kinds)).toEqual(new Set(['board', 'match', 'ball', 'events']));
  const times = batches.map(({ at }) => at);
  expect(times).toEqual([...times].sort((one, other) => one - other));
});

it('refuses lines that are no batches', () => {
  for (const text of ['', '{}', '{"at":1}', '{"at":"1","lines":[]}', '{"at":1,"lines":[{"data":1}]}'])
    expect(() => parseBatch(text)).toThrow();
});
