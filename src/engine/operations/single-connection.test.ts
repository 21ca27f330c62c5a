/** Which of a user's connections remains, whatever the clocks of the nodes and the order in which they hear of each other. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/cluster.js';
import type { Session } from '../sessions/session.js';
import { type NewestConnection, SingleConnection } from './single-connection.js';

/** The parts of a node that are needed; orders of the other node are delivered by the test. */
class SomeNode {
  readonly sessions: { user: string; client: string; close(): void }[] = [];
  readonly sent: NewestConnection[] = [];
  readonly single: SingleConnection;

  constructor(public wallMs: number) {
    // safe: SingleConnection uses only this method
    const cluster = {
      askAll: async (_: string, newest: NewestConnection) => {
        this.sent.push(newest);
        return [];
      },
    } as unknown as Cluster;
    const sessions = { ofUser: (user: string) => this.sessions.filter((one) => one.user === user) };
    const parts = { clock: { wallMs: () => this.wallMs }, cluster, sessions };
    // safe: these are the members that it uses
    this.single = new SingleConnection(parts as unknown as ConstructorParameters<typeof SingleConnection>[0], true);
  }

  connect(client: string): void {
    const session = {
      user: 'ann',
      client,
      close: () => void this.sessions.splice(this.sessions.indexOf(session), 1),
    };
    this.sessions.push(session);
    this.single.connected(session as unknown as Session); // safe: these are the members that it uses
  }
}

test('one is left once all orders have arrived, however they interleave and however the clocks differ', () => {
  const steps = fc.array(fc.record({ at: fc.nat(1), does: fc.constantFrom('connect', 'hear', 'tick') }), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: -3_600_000, max: 3_600_000 }), (run, skewMs) => {
      const nodes = [new SomeNode(1_800_000_000_000), new SomeNode(1_800_000_000_000 + skewMs)] as const;
      const heard = [0, 0];
      const hear = (at: number) => {
        const order = nodes[at === 0 ? 1 : 0].sent[heard[at] ?? 0];
        if (order === undefined) return false;
        heard[at] = (heard[at] ?? 0) + 1;
        nodes[at === 0 ? 0 : 1].single.endOlder(order);
        return true;
      };
      let last: string | undefined;
      for (const [index, { at, does }] of run.entries()) {
        const node = nodes[at === 0 ? 0 : 1];
        if (does === 'tick') node.wallMs += 7;
        else if (does === 'hear') hear(at);
        else {
          // Both nodes have received all earlier orders: this connection is the newest by any clock.
          last = nodes.every((_, n) => heard[n] === nodes[n === 0 ? 1 : 0].sent.length) ? `c${99 - index}` : undefined;
          node.connect(last ?? `c${99 - index}`);
        }
      }
      while (hear(0) || hear(1));
      const left = nodes.flatMap(({ sessions }) => sessions.map(({ client }) => client));
      const isAny = run.some(({ does }) => does === 'connect');
      expect(left).toHaveLength(isAny ? 1 : 0);
      if (last !== undefined) expect(left).toEqual([last]);
    }),
    { numRuns: 500 },
  );
});
