import { expect, test } from 'vitest';
import { SequenceCheck } from './sequence-check.js';

function check(first: 0 | 1, sequences: readonly number[]) {
  const one = new SequenceCheck(first);
  return { one, arrivals: sequences.map((sequence) => one.arrived(sequence)) };
}

const none = undefined;

test('each once and in order is complete', () => {
  const { one, arrivals } = check(1, [1, 2, 3]);
  expect(arrivals).toEqual(['next', 'next', 'next']);
  expect(one.isComplete(3, none)).toBe(true);
  expect(one.lost(5, none)).toBe(2);
});

test('what comes twice is told from what comes late', () => {
  const { one, arrivals } = check(1, [1, 3, 3, 2, 2, 1]);
  expect(arrivals).toEqual(['next', 'next', 'duplicate', 'late', 'duplicate', 'duplicate']);
  expect(one.lost(3, none)).toBe(0);
});

test('what never comes is lost, except what was refused', () => {
  const { one } = check(1, [1, 4]);
  expect(one.lost(6, none)).toBe(4);
  expect(one.lost(6, new Set([2, 6]))).toBe(2);
  expect(one.isComplete(4, new Set([2, 3]))).toBe(true);
});

test('nothing at all is lost from the first number on', () => expect(new SequenceCheck(1).lost(10, none)).toBe(10));

test('who joins a channel in use begins with what comes first', () => {
  const { one, arrivals } = check(0, [17, 18, 20]);
  expect(arrivals).toEqual(['next', 'next', 'next']);
  expect(one.lost(20, none)).toBe(1);
});

test('what was published while somebody was away is not lost', () => {
  const { one } = check(1, [1, 2]);
  one.restart();
  one.arrived(50);
  expect(one.lost(50, none)).toBe(0);
});

test('a gap too large to remember is counted', () => {
  const { one } = check(1, [1, 20_002]);
  expect(one.lost(20_002, none)).toBe(20_000);
});
