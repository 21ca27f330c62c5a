// @ts-check
/** One load over one row: what its subscribers got, in how many bytes, and what it cost the server. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuUsOf } from '../shared/process-use.mjs';
import { base64Of, publish, startServer } from './servers.mjs';
import { subscribe } from './subscribers.mjs';
import { LESSONS, train } from './training.mjs';

const ARRIVED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 5;

/**
 * @typedef {object} Figures
 * @property {number} bytesPerSubscriber for the whole load
 * @property {number} deliveries
 * @property {number} cpuUsPerDelivery
 */
/** `warmUp`: publications before those that are measured. @typedef {{ subscribers: number, publications: number, warmUp: number }} Size */

/**
 * The figures, or why there are none: an option that the server does not have, or a program that is not there.
 * @param {import('./rows.mjs').Row} row
 * @param {import('./loads.mjs').Load} load
 * @param {Size} size
 * @param {number | null} core
 * @returns {Promise<Figures | string>}
 */
export async function measure(row, load, { subscribers: count, publications, warmUp }, core) {
  const { pack } = row.options.includes('binary') ? load : { pack: undefined };
  if (row.options.includes('binary') && pack === undefined) return 'its messages are text';
  const server = await startServer(row, core);
  if (typeof server === 'string') return server;
  const made = load.make(LESSONS + warmUp + publications);
  const messages = made.slice(LESSONS);
  const all = messages.map(({ data, tags }, n) => ({
    n,
    text: pack ? base64Of(pack(data)) : JSON.stringify(data),
    passes: tags[load.filter.key] === load.filter.val,
  }));
  const expected = row.options.includes('filter') ? all.filter(({ passes }) => passes) : all;
  const dueWith = (/** @type {number} */ numMessages) => count * expected.filter(({ n }) => n < numMessages).length;
  let arrived = 0;
  /** @type {import('./subscribers.mjs').Subscriber[]} */
  const subscribers = [];
  const publishOne = (/** @type {import('./loads.mjs').Message} */ message) => publish(server.port, message, pack);
  try {
    if (row.options.includes('dictionary') && pack === undefined) {
      await train(row, server.port, load, () => send(made.slice(0, LESSONS), load.ratePerSec, publishOne));
    }
    for (let i = 0; i < count; i++) {
      let next = 0;
      const subscriber = await subscribe(row, server.port, load, (text) => {
        if (expected[next++]?.text !== text) {
          throw new Error(`subscriber ${i}: publication ${next} is not the one that is due`);
        }
        arrived++;
      });
      subscribers.push(subscriber);
      const declined = subscriber.declined();
      if (declined !== undefined) return `it has no ${declined}`;
    }
    const until = async (/** @type {number} */ due) => {
      const deadline = performance.now() + ARRIVED_WITHIN_MS;
      while (arrived < due) {
        if (performance.now() > deadline) throw new Error(`${arrived} of ${due} deliveries have come`);
        await delay(LOOK_EVERY_MS);
      }
    };
    const publishAll = (/** @type {import('./loads.mjs').Message[]} */ some) => send(some, load.ratePerSec, publishOne);
    const dueInWarmUp = dueWith(warmUp);
    await publishAll(messages.slice(0, warmUp));
    await until(dueInWarmUp);
    const bytes = () => subscribers.reduce((sum, subscriber) => sum + subscriber.bytes(), 0);
    const before = { bytes: bytes(), cpuUs: cpuUsOf(server.pid) };
    await publishAll(messages.slice(warmUp));
    await until(dueWith(messages.length));
    const deliveries = arrived - dueInWarmUp;
    return {
      bytesPerSubscriber: Math.round((bytes() - before.bytes) / count),
      deliveries,
      cpuUsPerDelivery: (cpuUsOf(server.pid) - before.cpuUs) / deliveries,
    };
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    await server.close();
  }
}

/**
 * Each publication when it is due, or as soon as the one before is acknowledged.
 * @template Message
 * @param {Message[]} messages
 * @param {number} ratePerSec
 * @param {(message: Message) => Promise<void>} publishOne
 */
export async function send(messages, ratePerSec, publishOne) {
  const startedAt = performance.now();
  for (const [index, message] of messages.entries()) {
    const waitMs = startedAt + (index * 1_000) / ratePerSec - performance.now();
    if (waitMs > 0) await delay(waitMs);
    await publishOne(message);
  }
}
