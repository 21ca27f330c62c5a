/** What zlib has compressed is read by what browsers get. */

import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedInflater } from './bounded-inflater.js';

const dictionary = Buffer.from('{"push":{"channel":"prices:","pub":{"data":{"symbol":"","bid":}}}}');

test('anything, with a dictionary and without, in one piece or in many', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc
      .array(fc.constantFrom('{"push":', '"symbol":"EURUSD"', '"bid":', '🎺', '1'), { maxLength: 9_000 })
      .map((words) => {
        return Buffer.from(words.join(''));
      }),
  );
  fc.assert(
    fc.property(bytes, fc.boolean(), (plain, hasDictionary) => {
      const options = hasDictionary ? { dictionary } : {};
      const deflated = deflateRawSync(plain, options);
      const inflated = new BoundedInflater(100_000, hasDictionary ? dictionary : undefined).inflate(deflated);
      expect(Buffer.from(inflated).equals(plain)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a dictionary of which only the end can be referred to', () => {
  const long = Buffer.concat([Buffer.alloc(40_000, 'x'), dictionary]);
  const deflated = deflateRawSync(dictionary, { dictionary: long });
  expect(deflated.length).toBeLessThan(12);
  expect(Buffer.from(new BoundedInflater(1_000, long).inflate(deflated))).toEqual(dictionary);
});

test('up to the bound, and not a byte more, however much it would be', () => {
  const plain = Buffer.alloc(70_000, 'ab');
  expect(new BoundedInflater(70_000).inflate(deflateRawSync(plain))).toHaveLength(70_000);
  expect(() => new BoundedInflater(69_999).inflate(deflateRawSync(plain))).toThrow('more than 69999 bytes');
  // Inflated whole it would be half a gigabyte.
  const bomb = deflateRawSync(Buffer.alloc(64_000_000));
  expect(() => new BoundedInflater(1_000).inflate(Buffer.concat(Array(8).fill(bomb)))).toThrow('more than 1000 bytes');
});

test('around the length up to which it is done in one step, also where the end is not compressed', () => {
  const inflater = new BoundedInflater(200_000);
  const noise = Buffer.from(Array.from({ length: 1_500 }, (_, n) => (n * n * 7919 + (n >> 3) * 131) & 255));
  for (const length of [64_000, 65_535, 65_536, 65_537, 66_000, 130_000]) {
    const plain = Buffer.concat([Buffer.alloc(length, 'ab'), noise]);
    expect(Buffer.from(inflater.inflate(deflateRawSync(plain)))).toEqual(plain);
    const zeros = Buffer.alloc(length);
    expect(Buffer.from(inflater.inflate(deflateRawSync(zeros)))).toEqual(zeros);
  }
  for (const length of [999, 1_000, 1_001]) {
    const run = () => new BoundedInflater(1_000).inflate(deflateRawSync(Buffer.alloc(length))).length;
    if (length > 1_000) expect(run).toThrow('more than 1000 bytes');
    else expect(run()).toBe(length);
  }
});

test('what is not whole, or no DEFLATE, throws; no bytes are read for ever', () => {
  const deflated = deflateRawSync(Buffer.from('what is compressed, is compressed'));
  for (let length = 0; length < deflated.length; length++) {
    expect(() => new BoundedInflater(1_000).inflate(deflated.subarray(0, length))).toThrow();
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        expect(new BoundedInflater(1_000, dictionary).inflate(bytes).length).toBeLessThanOrEqual(1_000);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 2_000 },
  );
});
