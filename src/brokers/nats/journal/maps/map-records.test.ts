import { describe, expect, test } from 'vitest';
import { emptyPlace } from '../stored-message.js';
import {
  decodeState,
  decodeTop,
  encodeOpenTop,
  encodeState,
  encodeTop,
  entryOf,
  type KeyState,
  type MadeChanges,
} from './map-records.js';

const place = { ...emptyPlace('birth.1', 'life.1', 7), oldest: 3, limits: { size: 5, ttlMs: 1_000 }, links: [40, 30] };
const text = '11:{"key":"a"}{"n":1}';
const state = { offset: 6, birth: 'birth.1', endsAtMs: 0, lookedAtSec: 0, text };
const gone = { ...state, offset: 7, text: undefined };
const made: MadeChanges = {
  place,
  numKeys: 3,
  publications: [text, '26:{"key":"b","removed":true}null'],
  states: new Map<string, KeyState>([
    ['a', { ...state, endsAtMs: 5_000, lookedAtSec: 4 }],
    ['b', gone],
  ]),
  ends: new Map([['a', 4]]),
  known: new Map([['id', { position: { offset: 6, epoch: 'birth.1.life.1' }, atMs: 12 }]]),
};

describe('the top of a map', () => {
  test('links to the change that is stored with it, by its distance', () => {
    expect(decodeTop(encodeTop(place, 3, 4), 50)).toEqual({
      place: { ...place, seq: 50, links: [46, 40, 30] },
      publications: [],
      numKeys: 3,
    });
    expect(decodeTop(encodeTop(place, 0, 0), 50).place.links).toEqual([40, 30]);
  });

  test('has its open changes as they were made, and their publications', () => {
    const top = decodeTop(encodeOpenTop(made), 50);
    expect(top.open).toEqual({ ...made, place: { ...place, seq: 50 } });
    expect([top.place.seq, top.numKeys, top.publications.map(({ key }) => key)]).toEqual([50, 3, ['a', 'b']]);
  });

  test.each(['', '3', '3:1:', 'x', 'o', 'o5:{}', 'o2:{}h', encodeOpenTop(made).slice(0, -3)])('%j is none', (wrong) => {
    expect(() => decodeTop(wrong, 1)).toThrow();
  });
});

describe('the state of a key', () => {
  test('is as it was, with its end, or says that it was removed', () => {
    for (const each of [state, { ...state, endsAtMs: 9, lookedAtSec: 1 }, gone]) {
      expect(decodeState(encodeState(each))).toEqual(each);
    }
    expect(entryOf(state)).toEqual({ key: 'a', data: '{"n":1}', offset: 6 });
    expect(entryOf(gone)).toBeUndefined();
  });

  test.each(['', 's', 's1:b', 's1:b:0', 'r1', 's-1:b:0:0:0:0', 'h1:b:c:1:1:1:1::'])('%j is none', (wrong) => {
    expect(() => decodeState(wrong)).toThrow();
  });
});
