/** Slices in turn, on servers that are numbers. */
import { expect, it } from 'vitest';
import { measureInTurn, ratiosOf } from './in-turn.mjs';

/** Costs 10 µs a delivery in its own slices, and something in those of the other server. */
class FakeServer {
  used = 0;
  constructor(
    readonly name: string,
    readonly perDelivery: number,
    readonly whileIdle: number,
    readonly log: string[],
  ) {}

  sideBeside(other: () => FakeServer) {
    return {
      cpuUs: () => this.used,
      load: async () => {
        this.log.push(this.name);
        this.used += 100 * this.perDelivery;
        other().used += other().whileIdle;
        return 100;
      },
    };
  }
}

it('takes slices in turn, and does not count what a server does in those of the other', async () => {
  const log: string[] = [];
  const a = new FakeServer('A', 10, 0, log);
  const b = new FakeServer('B', 12, 50, log);
  const warmUps: number[] = [];
  const sides = [a.sideBeside(() => b), b.sideBeside(() => a)] as const;
  const costs = await measureInTurn(sides, {
    pairs: 3,
    warmUp: 1,
    onWarm: async () => void warmUps.push(log.length),
  });
  expect(log.join('')).toBe('BAABBAAB');
  expect(warmUps).toEqual([2]);
  expect(costs).toEqual([
    [10, 12],
    [10, 12],
    [10, 12],
  ]);
  expect(ratiosOf(costs)).toEqual([1.2, 1.2, 1.2]);
});
