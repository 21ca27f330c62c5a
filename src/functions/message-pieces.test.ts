import { expect, test } from 'vitest';
import { piecesOf } from './message-pieces.js';

const cut = (text: string, maxBytes: number) =>
  piecesOf(Buffer.from(text), maxBytes).map((piece) => Buffer.from(piece).toString());

test('what fits is one piece', () => {
  expect(cut('{"a":1}\n{"b":2}', 100)).toEqual(['{"a":1}\n{"b":2}']);
  expect(cut('{"a":1}\n{"b":2}', 15)).toEqual(['{"a":1}\n{"b":2}']);
});

test('pieces end with lines, and have as many as fit', () => {
  expect(cut('aaa\nbbb\nccc\ndd', 7)).toEqual(['aaa\nbbb', 'ccc\ndd']);
  expect(cut('aaa\nbbb\nccc\ndd', 8)).toEqual(['aaa\nbbb', 'ccc\ndd']);
  expect(cut('aaa\nbbb\nccc\ndd', 3)).toEqual(['aaa', 'bbb', 'ccc', 'dd']);
});

test('a longer line is a piece of its own', () => {
  expect(cut('a\nbbbbbbbbbb\nc\nd', 3)).toEqual(['a', 'bbbbbbbbbb', 'c\nd']);
  expect(cut('bbbbbbbbbb', 3)).toEqual(['bbbbbbbbbb']);
});

test('the lines are the same, whatever the size of a piece', () => {
  const lines = Array.from({ length: 60 }, (_, n) => `{"n":"${'é'.repeat(n % 17)}"}`);
  for (let size = 1; size < 400; size += 7) {
    expect(cut(lines.join('\n'), size).join('\n').split('\n')).toEqual(lines);
  }
});
