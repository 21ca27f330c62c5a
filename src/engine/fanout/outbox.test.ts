/** The bounded send queue of one connection. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { RecordedConnection } from '../../../test/support/engine/recorded-connection.js';
import { Counters } from '../ports/counters.js';
import { Turn } from '../time/turn.js';
import { Outbox } from './outbox.js';
import { Parcel } from './parcel.js';
import { Variants } from './variant.js';

const maxQueueBytes = 100;

function setup(limits = { maxQueueBytes }) {
  const clock = new FakeClock();
  const connection = new RecordedConnection();
  const counters = new Counters();
  const owner = { slow: 0, onSlow: () => owner.slow++ };
  const outbox = new Outbox(connection, owner, {
    turn: new Turn(clock),
    counters,
    variants: new Variants(),
    limits,
  });
  /** Messages that others get too. */
  const shared = (...messages: string[]) => new Parcel(connection.encoding, messages);
  return { clock, connection, counters, owner, outbox, shared };
}

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

  test('G1: what is shared leaves with what is its own, in one frame, in the order of the calls', () => {
    const { clock, connection, outbox, shared } = setup();
    outbox.send('reply');
    outbox.share(shared('publication', 'another'));
    outbox.send('after');
    clock.endTurn();
    outbox.share(shared('publication'));
    outbox.send('after');
    clock.endTurn();
    expect(connection.texts).toEqual(['reply\npublication\nanother\nafter', 'publication\nafter']);
  });

  test('D5: what is shared and nothing else is written in the same bytes to all, not copied', () => {
    const { clock, connection, outbox, shared } = setup();
    const [one, other] = [shared('1'), shared('2')];
    outbox.share(one);
    clock.endTurn();
    outbox.share(one);
    outbox.share(other);
    clock.endTurn();
    expect(connection.texts).toEqual(['1', '1\n2']);
    expect(connection.frames).toEqual([one.bytes, one.and(other).bytes]);
    expect([connection.frames[0] === one.bytes, connection.frames[1] === one.and(other).bytes]).toEqual([true, true]);
  });

  test('a ping goes alone, now, behind what is due', () => {
    const { clock, connection, outbox, shared } = setup();
    const ping = Buffer.from('ping');
    outbox.send('reply');
    outbox.share(shared('publication'));
    outbox.writeAlone(ping);
    outbox.send('after');
    expect(connection.texts).toEqual(['reply\npublication', 'ping']);
    expect(connection.frames[1]).toBe(ping);
    clock.endTurn();
    expect(connection.texts.slice(2)).toEqual(['after']);
  });

  test('G11: no more than 64 KiB of what is shared wait for the end of the turn', () => {
    const { clock, connection, outbox, shared } = setup({ maxQueueBytes: 1_000_000 });
    const [half, whole] = ['x'.repeat(40_000), 'y'.repeat(70_000)];
    outbox.send('reply');
    outbox.share(shared(half));
    expect(connection.texts).toEqual([]);
    outbox.share(shared(half));
    expect(connection.texts).toEqual([`reply\n${half}`]);
    outbox.share(shared(whole));
    expect(connection.texts.slice(1)).toEqual([half, whole]);
    clock.endTurn();
    expect(connection.texts).toHaveLength(3);
  });

  test('G11: a frame that fits exactly is written, one byte more makes the peer slow', () => {
    const { clock, connection, owner, outbox, shared } = setup();
    connection.bufferedBytes = 60;
    outbox.share(shared('x'.repeat(40)));
    clock.endTurn();
    expect([owner.slow, connection.frames.length, outbox.queuedBytes]).toEqual([0, 1, 60]);
    outbox.share(shared('x'.repeat(41)));
    clock.endTurn();
    expect([owner.slow, connection.frames.length]).toEqual([1, 1]);
  });

  test('tells of a slow peer once and drops everything from then on', () => {
    const { clock, connection, owner, outbox, shared } = setup();
    connection.bufferedBytes = maxQueueBytes;
    outbox.send('first');
    clock.endTurn();
    connection.bufferedBytes = 0;
    outbox.send('second');
    outbox.share(shared('third'));
    clock.endTurn();
    expect([owner.slow, connection.texts]).toEqual([1, []]);
  });

  test('what is due and does not fit takes along what is shared behind it: never a hole', () => {
    const { clock, connection, owner, outbox, shared } = setup();
    outbox.send('x'.repeat(maxQueueBytes + 1));
    outbox.share(shared('y'));
    clock.endTurn();
    expect([owner.slow, connection.texts]).toEqual([1, []]);
  });

  test('writes nothing once closed, not even what was gathered', () => {
    const { clock, connection, owner, outbox, shared } = setup();
    outbox.send('gathered');
    outbox.close();
    outbox.send('late');
    outbox.share(shared('late'));
    clock.endTurn();
    expect([owner.slow, connection.texts]).toEqual([0, []]);
  });

  test('counts frames and bytes that were written, not those that were dropped', () => {
    const { clock, connection, counters, outbox, shared } = setup();
    outbox.send('ab');
    outbox.send('c');
    clock.endTurn();
    outbox.share(shared('defg'));
    clock.endTurn();
    connection.bufferedBytes = maxQueueBytes;
    outbox.share(shared('dropped'));
    clock.endTurn();
    expect([counters.framesOut, counters.bytesOut]).toEqual([2, 8]);
  });
});
