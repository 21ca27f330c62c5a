// @ts-check
/** One load over one row: what its subscribers got, in how many bytes, and what it cost the server. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuUsOf } from '../shared/process-use.mjs';
import { publish, startServer } from './servers.mjs';
import { subscribe } from './subscribers.mjs';

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
  const server = await startServer(row, core);
  if (typeof server === 'string') return server;
  const messages = load.make(warmUp + publications);
  const wanted = messages.map((message, n) => ({ n, text: JSON.stringify(message.data), tags: message.tags }));
  const { key, val } = load.filter;
  const expected = row.options.includes('filter') ? wanted.filter(({ tags }) => tags[key] === val) : wanted;
  const inWarmUp = expected.filter(({ n }) => n < warmUp).length;
  let arrived = 0;
  /** @type {import('./subscribers.mjs').Subscriber[]} */
  const subscribers = [];
  try {
    for (let i = 0; i < count; i++) {
      let next = 0;
      subscribers.push(
        await subscribe(row, server.port, load, (data) => {
          const due = expected[next++];
          if (due === undefined || JSON.stringify(data) !== due.text) {
            throw new Error(`subscriber ${i}: publication ${next} is not the one that is due`);
          }
          arrived++;
        }),
      );
    }
    const declined = subscribers[0]?.declined();
    if (declined !== undefined) return `it has no ${declined}`;
    const all = async (/** @type {number} */ number) => {
      const deadline = performance.now() + ARRIVED_WITHIN_MS;
      while (arrived < number * count) {
        if (performance.now() > deadline) throw new Error(`${arrived} of ${number * count} deliveries have come`);
        await delay(LOOK_EVERY_MS);
      }
    };
    await send(server.port, messages.slice(0, warmUp), load.ratePerSec);
    await all(inWarmUp);
    const bytes = () => subscribers.reduce((sum, subscriber) => sum + subscriber.bytes(), 0);
    const before = { bytes: bytes(), cpuUs: cpuUsOf(server.pid) };
    await send(server.port, messages.slice(warmUp), load.ratePerSec);
    await all(expected.length);
    const deliveries = arrived - inWarmUp * count;
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
 * @param {number} port
 * @param {import('./loads.mjs').Message[]} messages
 * @param {number} ratePerSec
 */
async function send(port, messages, ratePerSec) {
  const startedAt = performance.now();
  for (const [index, message] of messages.entries()) {
    const waitMs = startedAt + (index * 1_000) / ratePerSec - performance.now();
    if (waitMs > 0) await delay(waitMs);
    await publish(port, message);
  }
}
