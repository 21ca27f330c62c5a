// @ts-check
/** The process with all subscribers of one server, which also publishes to it. */
import { setTimeout as delay } from 'node:timers/promises';
import { answerRequests } from '../shared/ipc.mjs';
import { Group } from './group.mjs';
import { LOADS } from './loads.mjs';
import { send } from './measure.mjs';
import { base64Of, publish } from './servers.mjs';
import { LESSONS, train } from './training.mjs';

/** Different messages; they come again and again. */
const CYCLE = 2_000;
/** Until then V8 compiles what runs often, and a publication costs several times what it does later. */
const WARM_UP = { publications: 3_000, ratePerSec: 2_000 };
const ARRIVED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 2;

/** @typedef {import('./rows.mjs').Option} Option */
/** @typedef {{ text: string, passes: boolean, publish: () => Promise<void> }} Planned */
/** `combinations`: what the subscribers use in turn of the server's options. @typedef {{ port: number, load: string, options: Option[], combinations: Option[][], subscribers: number }} Plan */

/** @type {Group[]} */
let groups = [];
/** @type {Planned[]} */
let planned = [];
let next = 0;

answerRequests({
  /** Resolves when all are subscribed. */
  async join(/** @type {Plan} */ { port, load: name, options, combinations, subscribers }) {
    const load = LOADS[name];
    if (load === undefined) throw new Error(`no load ${name}`);
    const pack = options.includes('binary') ? load.pack : undefined;
    const made = load.make(LESSONS + CYCLE);
    if (options.includes('dictionary') && pack === undefined) {
      const lessons = made.slice(0, LESSONS);
      await train({ server: 'fanfare', options }, port, load, () =>
        send(lessons, load.ratePerSec, (lesson) => publish(port, lesson)),
      );
    }
    planned = made.slice(LESSONS).map((message) => ({
      text: pack ? base64Of(pack(message.data)) : JSON.stringify(message.data),
      passes: message.tags[load.filter.key] === load.filter.val,
      publish: () => publish(port, message, pack),
    }));
    groups = combinations.map((each) => new Group(each, port, load));
    const size = Math.floor(subscribers / combinations.length);
    for (const group of groups) await group.join();
    await deliver(WARM_UP);
    for (const group of groups) await group.fill(size);
  },

  deliver,

  leave() {
    for (const group of groups) group.close();
  },
});

/**
 * Resolves when everything has arrived, each message was the right one, and all of a group got the same.
 * @param {{ publications: number, ratePerSec: number }} load
 */
async function deliver({ publications, ratePerSec }) {
  globalThis.gc?.();
  for (const group of groups) group.begin();
  let deliveries = 0;
  const some = Array.from({ length: publications }, () => /** @type {Planned} */ (planned[next++ % planned.length]));
  await send(some, ratePerSec, (publication) => {
    for (const group of groups) deliveries += group.expect(publication);
    return publication.publish();
  });
  const deadline = performance.now() + ARRIVED_WITHIN_MS;
  // All of them are asked, so that a failure shows.
  while (groups.filter((group) => !group.isComplete()).length > 0) {
    if (performance.now() > deadline) throw new Error('not everything has arrived');
    await delay(LOOK_EVERY_MS);
  }
  return { deliveries, bytes: groups.reduce((sum, group) => sum + group.end(), 0) };
}
