// @ts-check
/** Lets a server learn a dictionary from messages of the load, before those who are measured connect. */
import { setTimeout as delay } from 'node:timers/promises';
import { subscribe } from './subscribers.mjs';

/** A server learns from so many (docs/guide/compression.md). */
export const LESSONS = 128;
const LEARNED_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 50;

/**
 * Resolves when clients that connect get another dictionary than before.
 * @param {import('./rows.mjs').Row} row
 * @param {number} port
 * @param {import('./loads.mjs').Load} load
 * @param {() => Promise<void>} publishLessons
 */
export async function train(row, port, load, publishLessons) {
  /** @param {import('./subscribers.mjs').Subscriber} subscriber */
  const contentOf = (subscriber) => subscriber.dictionary() ?? Buffer.alloc(0);
  const first = await subscribe(row, port, load, () => undefined);
  await publishLessons();
  const deadline = performance.now() + LEARNED_WITHIN_MS;
  for (let learned = false; !learned; ) {
    await delay(LOOK_EVERY_MS);
    const next = await subscribe(row, port, load, () => undefined);
    learned = !contentOf(next).equals(contentOf(first));
    next.close();
    if (!learned && performance.now() > deadline) throw new Error('it has learned no dictionary from the messages');
  }
  first.close();
}
