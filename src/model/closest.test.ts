/** Typing errors find the word that was meant; strangers find none. */

import { expect, test } from 'vitest';
import { closest } from './closest.js';

const known = ['port', 'path', 'origins', 'limits', 'pingInterval'];

test.each([
  ['prot', 'port'],
  ['PORT', 'port'],
  ['limitz', 'limits'],
  ['pingIntervall', 'pingInterval'],
  ['orgins', 'origins'],
])('%s was meant to be %s', (word, meant) => expect(closest(word, known)).toBe(meant));

test('what is far from everything is not guessed, and a long text costs nothing', () => {
  expect(closest('database', known)).toBeUndefined();
  expect(closest('port'.repeat(100_000), known)).toBeUndefined();
});
