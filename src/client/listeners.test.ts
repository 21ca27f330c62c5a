import { expect, it } from 'vitest';
import { Listeners } from './listeners.js';

interface Events {
  tick: number;
  tock: string;
}

it('calls the listeners of an event in the order of their coming', () => {
  const listeners = new Listeners<Events>();
  const seen: unknown[] = [];
  listeners.add('tick', (tick) => seen.push(['first', tick]));
  listeners.add('tick', (tick) => seen.push(['second', tick]));
  listeners.add('tock', (tock) => seen.push(tock));
  listeners.emit('tick', 1);
  expect(seen).toEqual([
    ['first', 1],
    ['second', 1],
  ]);
});

it('counts the same function twice when it is added twice', () => {
  const listeners = new Listeners<Events>();
  let calls = 0;
  const listener = () => (calls += 1);
  const stop = listeners.add('tick', listener);
  listeners.add('tick', listener);
  stop();
  stop();
  listeners.emit('tick', 1);
  expect(calls).toBe(1);
  expect(listeners.has('tick')).toBe(true);
});

it('reports what a listener throws and goes on with the others', () => {
  const reported: unknown[] = [];
  const seen: number[] = [];
  const listeners = new Listeners<Events>((error) => reported.push(error));
  listeners.add('tick', () => {
    throw 'broken';
  });
  listeners.add('tick', (tick) => seen.push(tick));
  listeners.emit('tick', 1);
  expect(reported).toEqual(['broken']);
  expect(seen).toEqual([1]);
});

it('does not call one that was taken away or added by another in the same turn', () => {
  const listeners = new Listeners<Events>();
  const seen: string[] = [];
  listeners.add('tick', () => {
    stop();
    listeners.add('tick', () => seen.push('late'));
  });
  const stop = listeners.add('tick', () => seen.push('gone'));
  listeners.emit('tick', 1);
  expect(seen).toEqual([]);
});
