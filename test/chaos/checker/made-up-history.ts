/** A history that keeps every guarantee, made up from a seed: clients come and go, the broker loses everything at times. */

import type { Happening, HistoryEvent } from '../history.js';
import type { SeededRandom } from '../seeded-random.js';

const numSubscribers = 4;
const channel = 'c';

interface Subscriber {
  readonly name: string;
  isIn: boolean;
  at: { offset: number; epoch: string };
}

/** Of 100 to 200 publications. */
export function madeUpHistory(random: SeededRandom): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  let nowMs = 0;
  const add = (happening: Happening) => {
    events.push({ ...happening, atMs: ++nowMs });
  };
  let epoch = 1;
  let log: string[] = [];
  const subscribers: Subscriber[] = Array.from({ length: numSubscribers }, (_, n) => ({
    name: `s${n}`,
    isIn: false,
    at: { offset: 0, epoch: '' },
  }));

  const enter = (one: Subscriber) => {
    const { at, name } = one;
    const isFirst = at.epoch === '';
    const recovered = at.epoch === `e${epoch}`;
    const position = recovered ? { ...at } : { offset: log.length, epoch: `e${epoch}` };
    const connection = `${name}-${nowMs}`;
    add({ kind: 'connected', subscriber: name, connection, node: 'n' });
    add({ kind: 'subscribed', channel, subscriber: name, connection, position, wasRecovering: !isFirst, recovered });
    one.isIn = true;
    one.at = position;
    hear(one);
  };
  const hear = (one: Subscriber) => {
    for (let offset = one.at.offset + 1; offset <= log.length; offset++) {
      one.at = { offset, epoch: `e${epoch}` };
      add({ kind: 'delivered', channel, subscriber: one.name, value: log[offset - 1] ?? '', position: one.at });
    }
  };
  const leave = (one: Subscriber) => {
    one.isIn = false;
    add({ kind: 'disconnected', subscriber: one.name, code: 1, isFinal: false });
    add({ kind: 'subscribing', channel, subscriber: one.name, code: 1 });
  };

  for (const one of subscribers) enter(one);
  const length = 100 + random.below(100);
  for (let n = 1; n <= length; n++) {
    const value = `v${n}`;
    add({ kind: 'publish-invoked', channel, value });
    log.push(value);
    const position = { offset: log.length, epoch: `e${epoch}` };
    if (random.below(10) > 0) add({ kind: 'publish-ok', channel, value, position });
    else add({ kind: 'publish-unknown', channel, value });
    for (const one of subscribers) if (one.isIn) hear(one);
    const one = random.pick(subscribers);
    if (random.below(4) === 0) {
      if (one.isIn) leave(one);
      else enter(one);
    }
    if (random.below(50) > 0) continue;
    for (const each of subscribers) if (each.isIn) leave(each);
    add({ kind: 'fault-began', fault: `f${n}`, name: 'the broker is emptied', effects: { losesHistory: 'all' } });
    epoch++;
    log = [];
    add({ kind: 'fault-ended', fault: `f${n}` });
  }
  for (const one of subscribers) if (!one.isIn) enter(one);
  return events;
}
