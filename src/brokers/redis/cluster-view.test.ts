/** Who has which slots, from what servers of a Redis Cluster answer. */

import { expect, test } from 'vitest';
import { clusterView, ownersOf } from './cluster-view.js';
import { redirectOf } from './failures.js';

const asked = { host: 'asked.example', port: 1 };

function nodes(...epochs: readonly (readonly [id: string, epoch: number])[]): string {
  return epochs
    .map(([id, epoch]) => `${id} 10.0.0.1:6379@16379 master - 0 1700000000000 ${epoch} connected 0-1`)
    .join('\n');
}

test('G5: one that has not heard of its successor loses to it, whoever is asked first', () => {
  const stale = clusterView([[0, 9, ['old', 1, 'a', []]]], nodes(['a', 3], ['b', 2]), asked);
  const fresh = clusterView([[0, 9, ['new', 2, 'b', []], ['old', 1, 'a', []]]], nodes(['a', 3], ['b', 4]), asked);
  for (const views of [
    [stale, fresh],
    [fresh, stale],
  ]) {
    expect(ownersOf(views)[5]).toEqual({ host: 'new', port: 2 });
    expect(ownersOf(views)[10]).toBeUndefined();
  }
  expect(fresh.endpoints).toEqual([
    { host: 'new', port: 2 },
    { host: 'old', port: 1 },
  ]);
});

test.each([null, '', '?'])('a server that calls itself %j is at the host that was asked', (name) => {
  const view = clusterView([[0, 0, [name, 7, 'a']]], nodes(['a', 1]), asked);
  expect(ownersOf([view])[0]).toEqual({ host: 'asked.example', port: 7 });
});

test.each([
  ['what is no list', 'OK'],
  ['a slot that there is not', [[0, 16_384, ['h', 1, 'a']]]],
  ['a range that nobody has', [[0, 1]]],
])('%s is refused', (_, slots) => expect(() => clusterView(slots, nodes(), asked)).toThrow());

test.each([
  ['MOVED 3999 127.0.0.1:6381', { kind: 'moved', slot: 3999, endpoint: { host: '127.0.0.1', port: 6381 } }],
  ['ASK 1 ::1:7', { kind: 'ask', slot: 1, endpoint: { host: '::1', port: 7 } }],
  ['MOVED 1 :7', { kind: 'moved', slot: 1, endpoint: { host: '', port: 7 } }],
  ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'later' }],
  ['CLUSTERDOWN The cluster is down', undefined],
])('%s', (message, redirect) => expect(redirectOf(new Error(message))).toEqual(redirect));
