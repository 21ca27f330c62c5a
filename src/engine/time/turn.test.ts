/** What is written within one turn leaves at its end. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { type Flushable, Turn } from './turn.js';

function setup() {
  const clock = new FakeClock();
  const flushed: string[] = [];
  const part = (name: string): Flushable => ({ flush: () => flushed.push(name) });
  return { clock, turn: new Turn(clock), flushed, part };
}

test('flushes nothing before the end of the turn, then each once, outboxes first, in the order of the calls', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addChannel(part('channel 1'));
  turn.addOutbox(part('outbox 1'));
  turn.addChannel(part('channel 2'));
  turn.addOutbox(part('outbox 2'));
  expect(flushed).toEqual([]);
  clock.endTurn();
  clock.endTurn();
  expect(flushed).toEqual(['outbox 1', 'outbox 2', 'channel 1', 'channel 2']);
});

test('what is added while flushing leaves with the next turn', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addOutbox({ flush: () => turn.addChannel(part('later')) });
  clock.endTurn();
  expect(flushed).toEqual([]);
  clock.endTurn();
  expect(flushed).toEqual(['later']);
});

test('a flush by hand leaves nothing for the end of the turn', () => {
  const { clock, turn, flushed, part } = setup();
  turn.addOutbox(part('outbox'));
  turn.flush();
  clock.endTurn();
  expect(flushed).toEqual(['outbox']);
});
