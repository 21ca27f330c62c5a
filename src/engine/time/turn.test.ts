/** Everything written within one turn leaves at its end. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { type Flushable, Turn } from './turn.js';

function setup() {
  const clock = new FakeClock();
  const flushed: string[] = [];
  const part = (name: string): Flushable => ({ flush: () => flushed.push(name) });
  const turn = new Turn(clock);
  /** A turn that works for this long. */
  const work = (ms: number) => {
    turn.addOutbox({ flush: () => clock.work(ms) });
    clock.endTurn();
  };
  return { clock, turn, flushed, part, work };
}

test('flushes nothing before the end of the turn, then each once, channels first, in the order of the calls', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addChannel(part('channel 1'));
  turn.addOutbox(part('outbox 1'));
  turn.addChannel(part('channel 2'));
  turn.addOutbox(part('outbox 2'));
  expect(flushed).toEqual([]);
  clock.endTurn();
  clock.endTurn();
  expect(flushed).toEqual(['channel 1', 'channel 2', 'outbox 1', 'outbox 2']);
});

test('what is added while flushing leaves with the next turn', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addOutbox({ flush: () => turn.addChannel(part('later')) });
  clock.endTurn();
  expect(flushed).toEqual([]);
  clock.endTurn();
  expect(flushed).toEqual(['later']);
});

test('what channels have for outboxes leaves with the same turn', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addChannel({ flush: () => turn.addOutbox(part('outbox')) });
  clock.endTurn();
  expect(flushed).toEqual(['outbox']);
  turn.addChannel(part('channel'));
  clock.endTurn();
  expect(flushed).toEqual(['outbox', 'channel']);
});

test('a channel that fails does not stop the turns after it', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addChannel({
    flush() {
      throw new Error('broken');
    },
  });
  expect(() => clock.endTurn()).toThrow('broken');
  turn.addOutbox(part('outbox'));
  clock.endTurn();
  expect(flushed).toEqual(['outbox']);
});

test('a flush by hand leaves nothing for the end of the turn', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addOutbox(part('outbox'));
  turn.flush();
  clock.endTurn();
  expect(flushed).toEqual(['outbox']);
});

describe('channels that may wait', () => {
  test('do not while the loop is idle, and set no timer', () => {
    const { clock, turn, flushed, part, work } = setup();
    turn.addChannel(part('first'), 20);
    clock.endTurn();
    work(6);
    clock.work(6);
    turn.addChannel(part('second'), 20);
    expect(clock.numTimers).toBe(0);
    clock.endTurn();
    expect(flushed).toEqual(['first', 'second']);
  });

  test('wait after a turn for as long as that has worked, on one timer, and leave together', async () => {
    const { clock, turn, flushed, part, work } = setup();
    work(6);
    turn.addChannel(part('first'), 20);
    await clock.advance(5);
    turn.addChannel(part('second'), 20);
    turn.addChannel(part('hasty'));
    expect(clock.numTimers).toBe(1);
    clock.endTurn();
    expect(flushed).toEqual(['hasty']);
    await clock.advance(1);
    expect(flushed).toEqual(['hasty', 'first', 'second']);
    expect(clock.numTimers).toBe(0);
  });

  test('wait longer when the loop works again meanwhile, and no longer than the least of their bounds', async () => {
    const { clock, turn, flushed, part, work } = setup();
    work(4);
    turn.addChannel(part('patient'), 1_000);
    await clock.advance(3);
    work(10);
    turn.addChannel(part('less so'), 7);
    await clock.advance(6);
    expect([flushed, clock.numTimers]).toEqual([[], 1]);
    await clock.advance(1);
    expect([flushed, clock.numTimers]).toEqual([['patient', 'less so'], 0]);
  });

  test('leave with the first turn behind their time, though their timer has not come yet', () => {
    const { clock, turn, flushed, part, work } = setup();
    work(4);
    turn.addChannel(part('waiting'), 20);
    clock.work(4);
    turn.addOutbox(part('outbox'));
    clock.endTurn();
    expect([flushed, clock.numTimers]).toEqual([['waiting', 'outbox'], 0]);
  });

  test('a flush by hand takes them along', () => {
    const { clock, turn, flushed, part, work } = setup();
    work(4);
    turn.addChannel(part('waiting'), 20);
    turn.flush();
    expect([flushed, clock.numTimers]).toEqual([['waiting'], 0]);
  });

  test('each leaves once, and within its bound unless the loop is at work', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ add: fc.constantFrom(0, 1, 5, 20) }),
            fc.record({ work: fc.integer({ min: 1, max: 30 }) }),
            fc.record({ pass: fc.integer({ min: 1, max: 30 }) }),
          ),
          { maxLength: 40 },
        ),
        async (steps) => {
          const { clock, turn, work } = setup();
          const added: { readonly dueMs: number; times: number }[] = [];
          for (const step of steps) {
            if ('add' in step) {
              const entry = { dueMs: clock.nowMs() + step.add, times: 0 };
              added.push(entry);
              turn.addChannel({ flush: () => entry.times++ }, step.add);
            } else if ('work' in step) work(step.work);
            else {
              await clock.advance(step.pass);
              const late = added.filter(({ dueMs, times }) => dueMs <= clock.nowMs() && times !== 1);
              expect(late).toEqual([]);
            }
            expect(clock.numTimers).toBeLessThanOrEqual(1);
          }
          await clock.advance(20);
          expect(added.every(({ times }) => times === 1)).toBe(true);
          expect(clock.numTimers).toBe(0);
        },
      ),
    ));
});

test('a listener is told once, after everything has been written', () => {
  const { clock, turn, flushed, part } = setup();
  turn.onceWritten({ written: (nowMs) => flushed.push(`written at ${nowMs}`) });
  turn.addOutbox(part('outbox'));
  turn.addChannel({ flush: () => clock.work(3) });
  clock.endTurn();
  turn.addOutbox(part('later'));
  clock.endTurn();
  expect(flushed).toEqual(['outbox', 'written at 3', 'later']);
});
