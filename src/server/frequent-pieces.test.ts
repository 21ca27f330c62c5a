import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MessageSample } from '../engine/fanout/message-samples.js';
import { frequentPieces } from './frequent-pieces.js';
import { systemClock } from './system-ports.js';

const pieces = (samples: readonly MessageSample[], maxLength = 4_096) =>
  frequentPieces(samples, maxLength, systemClock);

/** Messages of as many users as are given, in turn; of the server for none. */
function samplesOf(texts: readonly string[], numUsers: number): MessageSample[] {
  return texts.map((text, n) => (numUsers === 0 ? { text } : { text, publisher: `user ${n % numUsers}` }));
}

const scores = Array.from(
  { length: 40 },
  (_, n) => `{"home":"Ålesund","guest":"Brann","goals":${n},"minute":${n * 2}}`,
);

test('what messages have in common is there, and what is in one alone is not', async () => {
  const found = await pieces(samplesOf(scores, 0));
  expect(found.join('\n')).toContain('{"home":"Ålesund","guest":"Brann","goals":');
  expect(found.join('\n')).toContain(',"minute":');
  expect(found.join('\n')).not.toMatch(/goals":\d\d/);
});

describe('what is of few is of nobody else', () => {
  const secret = '"password":"correct horse battery"';
  const chat = scores.map((text) => `${text.slice(0, -1)},"text":"hello"}`);

  test.each([
    ['7 messages of different users', 7, 7, false],
    ['8 messages of different users', 8, 8, true],
    ['20 messages of 2 users', 20, 2, false],
    ['20 messages of 3 users', 20, 3, true],
    ['7 messages of the server', 7, 0, false],
    ['8 messages of the server', 8, 0, true],
  ])('a text in %s: %#', async (_, count, numUsers, isFound) => {
    const with_ = samplesOf(
      Array.from({ length: count }, (_, n) => `{${secret},"n":${n}}`),
      numUsers,
    );
    const found = await pieces([...samplesOf(chat, 5), ...with_]);
    expect(found.some((piece) => piece.includes('correct horse'))).toBe(isFound);
  });

  test('of two users and the server', async () => {
    const texts = Array.from({ length: 30 }, (_, n) => `{${secret},"n":${n}}`);
    const found = await pieces([...samplesOf(texts.slice(0, 20), 2), ...samplesOf(texts.slice(20), 0)]);
    expect(found.some((piece) => piece.includes('correct horse'))).toBe(false);
  });
});

test('each piece is in 8 messages as it is, of 3 users, and all together are no longer than they may be', async () => {
  const word = fc.constantFrom('"name":', '"goals":', 'Brann', 'Ålesund', '{"a":[', ']}', '12', 'x', '🎺', 'true,');
  const sample = fc.record({
    text: fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
    publisher: fc.option(fc.constantFrom('ada', 'ben', 'eve', 'joe'), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(sample, { maxLength: 60 }),
      fc.integer({ min: 0, max: 300 }),
      async (given, maxLength) => {
        const samples = given.map(({ text, publisher }) => ({ text, ...(publisher !== undefined && { publisher }) }));
        const found = await pieces(samples, maxLength);
        expect(found.join('').length).toBeLessThanOrEqual(maxLength);
        for (const piece of found) {
          const holders = samples.filter(({ text }) => text.includes(piece));
          const publishers = new Set(holders.flatMap(({ publisher }) => publisher ?? []));
          expect(holders.length).toBeGreaterThanOrEqual(8);
          expect([0, 3, 4]).toContain(publishers.size);
        }
      },
    ),
    { numRuns: 100 },
  );
});
