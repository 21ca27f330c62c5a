/** Places for work: no more at once than there are, and who waits longest is next. */

import { expect, test } from 'vitest';
import { Places } from './places.js';

test('lets in as many as there are places, and the others in order as these leave', async () => {
  const places = new Places(2);
  expect([places.enter(), places.enter()]).toEqual([undefined, undefined]);
  const order: string[] = [];
  const waiting = ['a', 'b'].map((name) => places.enter()?.then(() => order.push(name)));
  places.leave();
  await waiting[0];
  expect(order).toEqual(['a']);
  places.leave();
  await waiting[1];
  expect(order).toEqual(['a', 'b']);
  places.leave();
  places.leave();
  expect([places.enter(), places.enter()]).toEqual([undefined, undefined]);
  expect(places.enter()).toBeInstanceOf(Promise);
});
