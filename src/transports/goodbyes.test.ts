import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import type { Disconnect } from '../model/codes.js';
import { Goodbyes } from './goodbyes.js';

function socket() {
  const codes: number[] = [];
  return { codes, session: { close: ({ code }: Disconnect) => void codes.push(code) } };
}

test('each socket is told in the last fifth of its time, at a moment of its own, and before its end', async () => {
  const clock = new FakeClock();
  const units = [0, 0.999, 0.5];
  const goodbyes = new Goodbyes({ clock, random: { id: () => '', unit: () => units.shift() ?? 0 } });
  const sockets = [socket(), socket(), socket()];
  for (const each of sockets) goodbyes.schedule(each, 10_000);
  const told = () => sockets.map(({ codes }) => codes.length);
  await clock.advance(7_999);
  expect(told()).toEqual([0, 0, 0]);
  await clock.advance(1);
  expect(told()).toEqual([1, 0, 0]);
  await clock.advance(750);
  expect(told()).toEqual([1, 0, 1]);
  await clock.advance(750);
  expect(told()).toEqual([1, 1, 1]);
  expect(sockets[0]?.codes).toEqual([3001]);
  expect(goodbyes.size).toBe(0);
});

test('a socket that has ended is not told, and nothing is left of it', async () => {
  const clock = new FakeClock();
  const goodbyes = new Goodbyes({ clock, random: { id: () => '', unit: () => 0.5 } });
  const ended = socket();
  goodbyes.schedule(ended, 10_000);
  goodbyes.cancel(ended);
  goodbyes.cancel(ended);
  expect(goodbyes.size).toBe(0);
  await clock.advance(20_000);
  expect(ended.codes).toEqual([]);
});
