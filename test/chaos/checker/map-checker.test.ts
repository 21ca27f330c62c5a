/** The checker of races for keys bites: what cannot have been is found, and what can have been is not. */

import { expect, test } from 'vitest';
import { type MapCall, mapFaults, type SeenChange } from './map-checker.js';

const epoch = 'e';

interface Told {
  readonly expects?: number;
  readonly called: number;
  readonly answered: number;
  readonly value?: string;
  readonly key?: string;
  readonly outcome: MapCall['outcome'];
}

function call({ expects = 0, called, answered, outcome, key = 'k', value }: Told): MapCall {
  const times = { calledAt: called, answeredAt: answered };
  return { key, ...(value !== undefined && { value }), expected: { epoch, offset: expects }, ...times, outcome };
}

const made = (offset: number, ofEpoch = epoch) => ({ kind: 'made', at: { epoch: ofEpoch, offset } }) as const;
const refused = (version: number, offset: number) => ({ kind: 'refused', version, at: { epoch, offset } }) as const;
const unknown = { kind: 'unknown' } as const;

const first = call({ called: 0, answered: 1, value: 'a', outcome: made(1) });
const second = call({ expects: 1, called: 2, answered: 3, value: 'b', outcome: made(2) });
const removal = call({ expects: 2, called: 4, answered: 5, outcome: made(3) });
const stream: readonly SeenChange[] = [
  { epoch, offset: 1, key: 'k', value: 'a' },
  { epoch, offset: 2, key: 'k', value: 'b' },
  { epoch, offset: 3, key: 'k' },
];

test.each<[string, readonly MapCall[], readonly SeenChange[]]>([
  ['one after the other', [first, second, removal], stream],
  ['with a refusal in between', [first, second, call({ called: 2, answered: 4, outcome: refused(1, 1) })], stream],
  ['a call without an answer that was made', [first, { ...second, outcome: unknown }], stream.slice(0, 2)],
  ['a call without an answer that was not made', [first, { ...second, outcome: unknown }], stream.slice(0, 1)],
  [
    'a set after a removal',
    [first, second, removal, call({ called: 6, answered: 7, value: 'c', outcome: made(4) })],
    stream,
  ],
  [
    'the same offset in another epoch',
    [first, call({ called: 2, answered: 3, value: 'c', outcome: made(1, 'f') })],
    [],
  ],
])('nothing is wrong with %s', (_, calls, seen) => {
  expect(mapFaults(calls, seen)).toEqual([]);
});

test.each<[string, readonly MapCall[], readonly SeenChange[]]>([
  ['two on one version', [first, { ...second, expected: { epoch, offset: 0 } }], stream.slice(0, 2)],
  [
    'two on one version, of which one was not answered',
    [first, { ...second, expected: { epoch, offset: 0 }, outcome: unknown }],
    stream.slice(0, 2),
  ],
  [
    'an order against time',
    [call({ called: 4, answered: 5, value: 'a', outcome: made(1) }), second],
    stream.slice(0, 2),
  ],
  [
    'a refusal on the version that was expected',
    [first, call({ expects: 1, called: 2, answered: 3, outcome: refused(1, 1) })],
    [],
  ],
  [
    'a refusal by a version that never was',
    [first, second, call({ called: 4, answered: 5, outcome: refused(7, 2) })],
    [],
  ],
  [
    'a refusal by a version that is past',
    [first, second, call({ called: 4, answered: 5, outcome: refused(1, 1) })],
    [],
  ],
  [
    'a refusal by a version that is to come',
    [first, call({ called: 0, answered: 1, outcome: refused(2, 2) }), second],
    [],
  ],
  ['something refused that was made', [first, { ...second, outcome: refused(1, 1) }], stream.slice(0, 2)],
  ['another value in the stream', [first], [{ epoch, offset: 1, key: 'k', value: 'x' }]],
  ['a change that was made twice', [first], [stream[0] as SeenChange, { epoch, offset: 2, key: 'k', value: 'a' }]],
  [
    'a set on a removed key that expected its version',
    [first, second, removal, call({ expects: 3, called: 6, answered: 7, value: 'c', outcome: made(4) })],
    stream,
  ],
])('%s is found', (_, calls, seen) => {
  expect(mapFaults(calls, seen)).not.toEqual([]);
});
