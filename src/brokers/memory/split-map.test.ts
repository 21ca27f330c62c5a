/** A map of parts behaves as one map, and its parts are of like size however keys are named. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SplitMap } from './split-map.js';

describe('a map of parts', () => {
  test('holds what one map holds', () => {
    const key = fc.constantFrom('', 'a', 'b', 'room:1', 'room:2', '__proto__', 'x'.repeat(200), 'é', '\u0000');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, value: fc.nat(9) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new SplitMap<string, number>();
        const model = new Map<string, number>();
        for (const one of steps) {
          if (one.kind === 'set') {
            map.set(one.key, one.value);
            model.set(one.key, one.value);
          } else if (one.kind === 'delete') expect(map.delete(one.key)).toBe(model.delete(one.key));
          else {
            map.clear();
            model.clear();
          }
          expect(map.size).toBe(model.size);
        }
        expect(new Map(map)).toEqual(model);
        for (const name of model.keys()) expect(map.get(name)).toBe(model.get(name));
      }),
    );
  });

  test('everything can be deleted while it is looked through', () => {
    const map = new SplitMap<string, number>();
    for (let n = 0; n < 1_000; n++) map.set(`room:${n}`, n);
    let seen = 0;
    for (const [key] of map) {
      seen++;
      map.delete(key);
    }
    expect([seen, map.size, map.parts.some((part) => part.size > 0)]).toEqual([1_000, 0, false]);
  });

  const count = 64_000;
  test.each([
    ['a number at the end', (n: number) => `user:${n}`],
    ['a number in the middle', (n: number) => `tenant:${n}:notifications`],
    ['two numbers', (n: number) => `chat:${n % 250}:thread:${Math.floor(n / 250)}`],
    ['a long prefix', (n: number) => `production:europe:applications:messages:rooms:${n}`],
    ['hexadecimal digits', (n: number) => `doc:${(n * 2_654_435_761).toString(16).padStart(14, '0')}`],
  ])('parts are of like size: %s', (_, name) => {
    const map = new SplitMap<string, number>();
    for (let n = 0; n < count; n++) map.set(name(n), n);
    expect(map.size).toBe(count);
    expect(Math.max(...map.parts.map((part) => part.size))).toBeLessThan((1.2 * count) / map.parts.length);
  });
});
