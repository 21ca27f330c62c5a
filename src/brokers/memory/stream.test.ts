/** A stream in memory, compared with a plain list that keeps everything. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HistoryPage, StreamLimits } from '../../engine/ports/broker.js';
import { trustedJsonText } from '../../model/json-text.js';
import { Stream } from './stream.js';

const epoch = 'e1';
const limits: StreamLimits = { size: 3, ttlMs: 1_000 };

function streamOf(count: number, given = limits) {
  const usage = { bytes: 0 };
  const stream = new Stream(epoch, 0, usage);
  for (let i = 1; i <= count; i++) stream.append({ data: trustedJsonText(`${i}`) }, given, 0);
  return { stream, usage };
}

const offsets = (page: HistoryPage) => page.publications.map(({ offset }) => offset);

describe('appending', () => {
  test('G1: gives consecutive offsets from 1', () => {
    const { stream } = streamOf(0);
    expect(stream.top).toEqual({ offset: 0, epoch });
    const placed = [1, 2, 3].map(() => stream.append({ data: trustedJsonText('0') }, limits, 0));
    expect(placed.map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(stream.top).toEqual({ offset: 3, epoch });
  });

  test('keeps what came with the publication', () => {
    const { stream } = streamOf(0);
    const publication = { data: trustedJsonText('1'), info: { user: 'u', client: 'c' }, tags: { a: 'b' } };
    stream.append(publication, limits, 0);
    expect(stream.read({ limit: 1, reverse: false }, 0).publications).toEqual([{ ...publication, offset: 1 }]);
  });

  test('drops the oldest beyond the size, also when the size has shrunk', () => {
    const { stream } = streamOf(5);
    expect(offsets(stream.read({ limit: 9, reverse: false }, 0))).toEqual([3, 4, 5]);
    stream.append({ data: trustedJsonText('6') }, { size: 1, ttlMs: 1_000 }, 0);
    expect(offsets(stream.read({ limit: 9, reverse: false }, 0))).toEqual([6]);
  });

  test('G11: counts the bytes that it keeps, and gives them back', () => {
    const { stream, usage } = streamOf(0);
    for (const text of ['"aaaa"', '"bb"', '"c"', '"d"']) stream.append({ data: trustedJsonText(text) }, limits, 0);
    expect(usage.bytes).toBe(4 + 3 + 3);
    stream.clear();
    expect(usage.bytes).toBe(0);
  });
});

describe('expiry', () => {
  test('empties the stream one time-to-live after the last publication; its position stays', () => {
    const { stream, usage } = streamOf(2);
    stream.append({ data: trustedJsonText('3') }, limits, 500);
    expect(stream.isEmptyAt(1_499)).toBe(false);
    expect(offsets(stream.read({ limit: 9, reverse: false }, 1_499))).toEqual([1, 2, 3]);
    const late = stream.read({ limit: 9, reverse: false }, 1_500);
    expect([offsets(late), late.top, usage.bytes]).toEqual([[], { offset: 3, epoch }, 0]);
    expect(stream.append({ data: trustedJsonText('4') }, limits, 2_000).offset).toBe(4);
  });

  test('G4: who has missed what expired is told so, who has missed nothing is not', () => {
    const { stream } = streamOf(3);
    const read = (offset: number) => stream.read({ limit: 9, reverse: false, since: { offset, epoch } }, 5_000);
    expect([read(2).continuous, read(3).continuous]).toEqual([false, true]);
  });
});

describe('reading', () => {
  const { stream } = streamOf(5, { size: 4, ttlMs: 1_000 });

  test.each<[number | undefined, number, number[], boolean]>([
    [undefined, 9, [2, 3, 4, 5], true],
    [undefined, 2, [2, 3], true],
    [undefined, 0, [], true],
    [0, 9, [2, 3, 4, 5], false],
    [1, 9, [2, 3, 4, 5], true],
    [3, 9, [4, 5], true],
    [3, 1, [4], true],
    [5, 9, [], true],
    [6, 9, [], false],
    [2 ** 53 - 1, 9, [], false],
  ])('G4: since %s, at most %i: %j, continuous: %s', (offset, limit, expected, continuous) => {
    const page = stream.read({ limit, reverse: false, ...(offset !== undefined && { since: { offset, epoch } }) }, 0);
    expect([offsets(page), page.continuous, page.top]).toEqual([expected, continuous, { offset: 5, epoch }]);
  });

  test.each<[number | undefined, number, number[]]>([
    [undefined, 9, [5, 4, 3, 2]],
    [undefined, 2, [5, 4]],
    [undefined, 0, []],
    [4, 9, [3, 2]],
    [4, 1, [3]],
    [2, 9, []],
    [0, 9, []],
    [6, 2, [5, 4]],
  ])('backwards before %s, at most %i: %j', (offset, limit, expected) => {
    const since = offset === undefined ? {} : { since: { offset, epoch } };
    expect(offsets(stream.read({ limit, reverse: true, ...since }, 0))).toEqual(expected);
  });

  test('B46 G5: another epoch gets nothing and is not continuous', () => {
    for (const reverse of [true, false]) {
      const page = stream.read({ limit: 9, reverse, since: { offset: 3, epoch: 'e2' } }, 0);
      expect([offsets(page), page.continuous]).toEqual([[], false]);
    }
  });

  test('a place without an epoch is taken in the one that there is', () => {
    const page = stream.read({ limit: 9, reverse: false, since: { offset: 3 } }, 0);
    expect([offsets(page), page.continuous]).toEqual([[4, 5], true]);
  });

  test('a page stays as it was when the stream goes on', () => {
    const { stream: moving } = streamOf(2);
    const page = moving.read({ limit: 9, reverse: false }, 0);
    moving.append({ data: trustedJsonText('3') }, limits, 0);
    expect(offsets(page)).toEqual([1, 2]);
  });
});

test('G4: after any appends, expiries and clearings, a page is exactly what is kept after its place, or not continuous', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('append' as const) },
    fc.constant('clear' as const),
    fc.constant('wait' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat({ max: 30 }), fc.nat({ max: 6 }), (steps, since, limit) => {
      const { stream } = streamOf(0);
      let kept: number[] = [];
      let top = 0;
      let nowMs = 0;
      for (const next of steps) {
        if (next === 'append') {
          stream.append({ data: trustedJsonText('0') }, limits, nowMs);
          kept = [...kept, ++top].slice(-limits.size);
          continue;
        }
        if (next === 'clear') stream.clear();
        else nowMs += limits.ttlMs;
        kept = [];
      }
      const page = stream.read({ limit, reverse: false, since: { offset: since, epoch } }, nowMs);
      const missed = top - since;
      expect(page.continuous).toBe(missed >= 0 && missed <= kept.length);
      if (page.continuous) expect(offsets(page)).toEqual(kept.filter((offset) => offset > since).slice(0, limit));
      expect(page.top).toEqual({ offset: top, epoch });
    }),
  );
});
