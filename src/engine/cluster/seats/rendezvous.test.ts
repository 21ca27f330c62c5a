import { expect, test } from 'vitest';
import { homeOf } from './rendezvous.js';

const nodes = ['n-1', 'n-2', 'n-3', 'n-4'] as const;
const names = Array.from({ length: 4_000 }, (_, n) => `user ${n}`);
const homes = (first: string, ...others: string[]) => names.map((name) => homeOf(name, first, others));

test('spreads names evenly, also those that hardly differ', () => {
  for (const node of nodes) {
    const share = homes(...nodes).filter((home) => home === node).length;
    expect(share).toBeGreaterThan(850);
    expect(share).toBeLessThan(1_150);
  }
});

test('is the same whoever asks', () => expect(homes('n-3', 'n-1', 'n-4', 'n-2')).toEqual(homes(...nodes)));

test('when a node goes only its own names move', () => {
  const [before, after] = [homes(...nodes), homes('n-1', 'n-2', 'n-3')];
  for (const [index, home] of before.entries()) if (home !== 'n-4') expect(after[index]).toBe(home);
});
