/** The bounded send queue of one connection. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { RecordedConnection } from '../../../test/support/engine/recorded-connection.js';
import { Counters } from '../ports/counters.js';
import { Turn } from '../time/turn.js';
import { Outbox } from './outbox.js';
import { Variants } from './variant.js';

const maxQueueBytes = 100;

function setup() {
  const clock = new FakeClock();
  const connection = new RecordedConnection();
  const counters = new Counters();
  const owner = { slow: 0, onSlow: () => owner.slow++ };
  const outbox = new Outbox(connection, owner, {
    turn: new Turn(clock),
    counters,
    variants: new Variants(),
    limits: { maxQueueBytes },
  });
  return { clock, connection, counters, owner, outbox };
}

const shared = (text: string) => Buffer.from(text);

describe('outbox', () => {
  test('gathers the messages of one turn into one frame', () => {
    const { clock, connection, outbox } = setup();
    outbox.send('1');
    outbox.send('2');
    expect(connection.texts).toEqual([]);
    clock.endTurn();
    outbox.send('3');
    clock.endTurn();
    expect(connection.texts).toEqual(['1\n2', '3']);
  });

  test('G1: shared bytes leave at once, after what was gathered before them', () => {
    const { clock, connection, outbox } = setup();
    outbox.send('reply');
    outbox.writeShared(shared('publication'));
    outbox.send('after');
    clock.endTurn();
    expect(connection.texts).toEqual(['reply', 'publication', 'after']);
  });

  test('D5: shared bytes are written as they are, not copied', () => {
    const { connection, outbox } = setup();
    const bytes = shared('publication');
    outbox.writeShared(bytes);
    expect(connection.frames[0]).toBe(bytes);
  });

  test('G11: a frame that fits exactly is written, one byte more makes the peer slow', () => {
    const { connection, owner, outbox } = setup();
    connection.bufferedBytes = 60;
    outbox.writeShared(shared('x'.repeat(40)));
    expect([owner.slow, connection.frames.length, outbox.queuedBytes]).toEqual([0, 1, 60]);
    outbox.writeShared(shared('x'.repeat(41)));
    expect([owner.slow, connection.frames.length]).toEqual([1, 1]);
  });

  test('tells of a slow peer once and drops everything from then on', () => {
    const { clock, connection, owner, outbox } = setup();
    connection.bufferedBytes = maxQueueBytes;
    outbox.send('first');
    clock.endTurn();
    connection.bufferedBytes = 0;
    outbox.send('second');
    outbox.writeShared(shared('third'));
    clock.endTurn();
    expect([owner.slow, connection.texts]).toEqual([1, []]);
  });

  test('what was gathered and does not fit takes the shared bytes behind it along: never a hole', () => {
    const { connection, owner, outbox } = setup();
    outbox.send('x'.repeat(maxQueueBytes + 1));
    outbox.writeShared(shared('y'));
    expect([owner.slow, connection.texts]).toEqual([1, []]);
  });

  test('writes nothing once closed, not even what was gathered', () => {
    const { clock, connection, owner, outbox } = setup();
    outbox.send('gathered');
    outbox.close();
    outbox.send('late');
    outbox.writeShared(shared('late'));
    clock.endTurn();
    expect([owner.slow, connection.texts]).toEqual([0, []]);
  });

  test('counts frames and bytes that were written, not those that were dropped', () => {
    const { clock, connection, counters, outbox } = setup();
    outbox.send('ab');
    outbox.send('c');
    clock.endTurn();
    outbox.writeShared(shared('defg'));
    connection.bufferedBytes = maxQueueBytes;
    outbox.writeShared(shared('dropped'));
    expect([counters.framesOut, counters.bytesOut]).toEqual([2, 8]);
  });
});
