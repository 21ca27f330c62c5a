/** What functions keep in a store: leases, events that are handled once and in order, indexes, marks, revocations. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { ports } from '../brokers/suites.js';
import type { StoreServer } from './stores.js';

const long = 60_000;
const event = (id: string, command = 0, isPatient = true) => ({
  id,
  firstCommand: command,
  lastCommand: command,
  isPatient,
});

/** Declares its tests, over a server that is there once they run. */
export function storeSuite(server: () => StoreServer): void {
  describe('the store of functions', () => {
    async function made() {
      const { make } = await server().ownStore();
      const store = make(ports);
      onTestFinished(() => store.broker.close(500));
      const nothing = () => undefined;
      await store.broker.start({ onPublication: nothing, onJoin: nothing, onLeave: nothing });
      await store.connections.add('c', 'first', 1_000);
      const take = (lease: string, leaseMs = long, handled?: ReturnType<typeof event>) =>
        store.connections.take('c', { lease, leaseMs, event: handled });
      const { connections, order, index, late, revocations } = store;
      return { connections, order, index, late, revocations, take };
    }

    test('one visit at a time has a connection, and the next one has what it has written', async () => {
      const { connections, take } = await made();
      expect(await take('a')).toEqual({ kind: 'taken', state: 'first', isSuspect: false, intended: [] });
      expect(await take('b')).toEqual({ kind: 'busy', lastCommand: 0 });
      expect(await connections.leave('c', 'b', 'not mine', 0)).toBe(false);
      expect(await connections.leave('c', 'a', 'second', 2_000)).toBe(true);
      expect(await connections.leave('c', 'a', 'too late', 0)).toBe(false);
      expect(await take('b')).toEqual({ kind: 'taken', state: 'second', isSuspect: false, intended: [] });
    });

    test('a connection that is added twice stays what it is', async () => {
      const { connections, take } = await made();
      await take('a');
      await connections.leave('c', 'a', 'second', 2_000);
      await connections.add('c', 'first', 1_000);
      expect(await take('b')).toMatchObject({ kind: 'taken', state: 'second', isSuspect: false });
    });

    test('a lease that nobody gives back is told to the next one, unless it was prolonged', async () => {
      const { connections, take } = await made();
      await take('a', long);
      await connections.intend('c', 'a', 'forgotten');
      await connections.leave('c', 'a', 'first', 0);
      await take('a', 20);
      for (const channel of ['chat:a', 'chat: b']) await connections.intend('c', 'a', channel);
      await connections.intend('c', 'b', 'not mine');
      expect(await connections.hold('c', 'a', long)).toBe(true);
      expect(await take('b')).toEqual({ kind: 'busy', lastCommand: 0 });
      expect(await connections.hold('c', 'a', 1)).toBe(true);
      await expect
        .poll(() => take('b'))
        .toEqual({ kind: 'taken', state: 'first', isSuspect: true, intended: ['chat:a', 'chat: b'] });
      expect(await connections.hold('c', 'a', long)).toBe(false);
      expect(await connections.remove('c', 'a')).toBe(false);
      expect(await connections.leave('c', 'a', 'too late', 0)).toBe(false);
      expect(await connections.remove('c', 'b')).toBe(true);
      expect(await take('d')).toEqual({ kind: 'absent' });
    });

    test('who was not answered asks again, and has it', async () => {
      const { take } = await made();
      expect(await take('a', long, event('e1'))).toMatchObject({ kind: 'taken' });
      expect(await take('a', long, event('e1'))).toMatchObject({ kind: 'taken', state: 'first' });
      expect(await take('b', long, event('e2'))).toEqual({ kind: 'busy', lastCommand: 0 });
    });

    test('of ten that want a connection at once, one gets it', async () => {
      const { take } = await made();
      const kinds = (await Promise.all(Array.from({ length: 10 }, (_, n) => take(`lease ${n}`)))).map(
        ({ kind }) => kind,
      );
      expect(kinds.filter((kind) => kind === 'taken')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'busy')).toHaveLength(9);
    });

    test('an event is handled once, also when whoever has taken it has died', async () => {
      const { connections, take } = await made();
      expect(await take('a', 1, event('e1'))).toMatchObject({ kind: 'taken' });
      expect(await take('b', long, event('e1'))).toEqual({ kind: 'repeated' });
      await expect.poll(() => take('b', long, event('e2'))).toMatchObject({ kind: 'taken', isSuspect: true });
      // Not taken, so not handled.
      expect(await take('d', long, event('e3'))).toEqual({ kind: 'busy', lastCommand: 0 });
      await connections.leave('c', 'b', 'second', 0);
      expect(await take('d', long, event('e3'))).toMatchObject({ kind: 'taken' });
    });

    test('the last events are known, of however many', async () => {
      const { connections, take } = await made();
      for (let n = 0; n < 140; n++) {
        expect(await take('a', long, event(`L0SM9cOFvHc${n}=`))).toMatchObject({ kind: 'taken' });
        await connections.leave('c', 'a', 'next', 0);
      }
      for (let n = 80; n < 140; n++) {
        expect(await take('a', long, event(`L0SM9cOFvHc${n}=`))).toEqual({ kind: 'repeated' });
      }
    });

    test('commands wait for earlier ones of their client, as long as they are patient', async () => {
      const { connections, take } = await made();
      const handle = async (id: string, command: number, isPatient?: boolean) => {
        const taken = await take('a', long, event(id, command, isPatient));
        if (taken.kind === 'taken') await connections.leave('c', 'a', 'next', 0);
        return taken.kind === 'early' ? `early, after ${taken.lastCommand}` : taken.kind;
      };
      // Clients begin to count where they like, and count on when they connect again.
      expect(await handle('e1', 7)).toBe('taken');
      expect(await handle('e3', 9)).toBe('early, after 7');
      expect(await handle('e2', 8)).toBe('taken');
      expect(await handle('e3', 9)).toBe('taken');
      expect(await handle('e5', 11, false)).toBe('taken');
      // Late, and still wanted.
      expect(await handle('e4', 10)).toBe('taken');
      expect(await handle('e6', 12)).toBe('taken');
      // Without commands that are counted.
      expect(await handle('e7', 0)).toBe('taken');
    });

    test('finds connections by name, and those that are due', async () => {
      const { index, connections, take } = await made();
      for (const id of ['x', 'y']) await index.add('channel', 'chat:{a}', id);
      await index.add('channel', 'chat:{a}', 'x');
      await index.add('user', 'chat:{a}', 'z');
      expect([...(await index.members('channel', 'chat:{a}'))].sort()).toEqual(['x', 'y']);
      await index.remove('channel', 'chat:{a}', 'x');
      expect(await index.members('channel', 'chat:{a}')).toEqual(['y']);
      expect(await index.members('token', 'chat:{a}')).toEqual([]);
      await connections.add('later', 'state', 5_000);
      expect(await connections.due(999, 10)).toEqual([]);
      expect(await connections.due(1_000, 10)).toEqual(['c']);
      expect(await connections.due(9_000, 1)).toEqual(['c']);
      expect(await connections.due(9_000, 10)).toEqual(['c', 'later']);
      await take('a');
      await connections.remove('c', 'a');
      await connections.notDue('c');
      expect(await connections.due(9_000, 10)).toEqual(['later']);
    });

    test('places in the order of deliveries are taken in turn', async () => {
      const { order } = await made();
      const [first, second, third] = [await order.place('c'), await order.place('c'), await order.place('c')];
      expect([first, second, third]).toEqual([1, 2, 3]);
      expect(await order.isNext('c', first)).toBe(true);
      expect(await order.isNext('c', second)).toBe(false);
      // Somebody was not patient.
      await order.delivered('c', second);
      await order.delivered('c', first);
      expect(await order.isNext('c', third)).toBe(true);
      expect(await order.place('other')).toBe(1);
    });

    test('marks stay until they are taken away', async () => {
      const { late } = await made();
      await late.mark('chat: with spaces', 'm1', 100);
      await late.mark('news', 'm2', 200);
      await late.mark('news', 'm3', 300);
      expect(await late.before(200, 10)).toEqual([
        { channel: 'chat: with spaces', mark: 'm1' },
        { channel: 'news', mark: 'm2' },
      ]);
      await late.unmark('chat: with spaces', 'm1');
      await late.unmark('news', 'm2');
      expect(await late.before(999, 10)).toEqual([{ channel: 'news', mark: 'm3' }]);
    });

    test('revocations stand as long as they say', async () => {
      const { revocations } = await made();
      const nowMs = Date.now();
      const lasting = { kind: 'user', user: 'ann', atMs: nowMs } as const;
      await revocations.add({ kind: 'token', tokenId: 't1', untilMs: nowMs - 1 });
      await revocations.add(lasting);
      await revocations.unblock('bob', nowMs);
      await revocations.unblock('eve', nowMs - 7_200_000);
      for (const _ of ['with those that have lapsed', 'without them']) {
        expect(await revocations.all()).toEqual({
          revoked: [lasting],
          unblocked: [{ kind: 'unblocked', user: 'bob', atMs: nowMs }],
        });
      }
    });
  });
}
