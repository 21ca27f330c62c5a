/** The checker bites: a made-up history is without violations, and with one thing changed it is not, whichever seed. */

import { describe, expect, test } from 'vitest';
import type { HistoryEvent } from '../history.js';
import { SeededRandom } from '../seeded-random.js';
import { HistoryChecker } from './history-checker.js';
import { madeUpHistory } from './made-up-history.js';

type Mutation = (events: readonly HistoryEvent[], random: SeededRandom) => HistoryEvent[];

type Delivered = Extract<HistoryEvent, { kind: 'delivered' }>;
type Subscribed = Extract<HistoryEvent, { kind: 'subscribed' }>;

function linesOf(events: readonly HistoryEvent[]): Set<string> {
  const checker = new HistoryChecker();
  for (const event of events) checker.observe(event);
  checker.settle((events.at(-1)?.atMs ?? 0) + 30_000);
  return new Set(checker.violations.map(({ line }) => line));
}

/** Where such an event is, for one chosen at random. */
function someIndex(
  events: readonly HistoryEvent[],
  random: SeededRandom,
  fits: (event: HistoryEvent, next: HistoryEvent | undefined, at: number) => boolean,
): number {
  return random.pick(events.flatMap((event, n) => (fits(event, events[n + 1], n) ? [n] : [])));
}

const isDelivered = (event: HistoryEvent | undefined): event is Delivered => event?.kind === 'delivered';
const isRecovered = (event: HistoryEvent): event is Subscribed => event.kind === 'subscribed' && event.recovered;
const isTold = (event: HistoryEvent): event is Subscribed =>
  event.kind === 'subscribed' && event.wasRecovering && !event.recovered;

const mutations: Readonly<Record<string, readonly [lines: string, mutate: Mutation]>> = {
  'drops one delivery': [
    'G2',
    (events, random) => {
      // The last one before a client is away is not missed: its position tells.
      const n = someIndex(events, random, (event, _, at) => {
        if (!isDelivered(event)) return false;
        const isOfSame = (later: HistoryEvent) => 'subscriber' in later && later.subscriber === event.subscriber;
        return isDelivered(events.slice(at + 1).find(isOfSame));
      });
      return events.toSpliced(n, 1);
    },
  ],
  'repeats one delivery': [
    'G3',
    (events, random) => {
      const n = someIndex(events, random, isDelivered);
      return events.toSpliced(n, 0, ...events.slice(n, n + 1));
    },
  ],
  'swaps two deliveries of one subscriber': [
    'G2',
    (events, random) => {
      const isFollowed = (event: HistoryEvent, next: HistoryEvent | undefined) =>
        isDelivered(event) && isDelivered(next) && event.subscriber === next.subscriber;
      const n = someIndex(events, random, isFollowed);
      return events.toSpliced(n, 2, ...events.slice(n, n + 2).reverse());
    },
  ],
  'says recovered and gives nothing': [
    'G2',
    (events, random) => {
      const acknowledged = new Set(events.flatMap((event) => (event.kind === 'publish-ok' ? [event.value] : [])));
      const missesSomething = (event: HistoryEvent, next: HistoryEvent | undefined) =>
        isRecovered(event) && isDelivered(next) && acknowledged.has(next.value);
      const n = someIndex(events, random, missesSomething);
      let end = n + 1;
      while (isDelivered(events[end])) end++;
      return events.toSpliced(n + 1, end - n - 1);
    },
  ],
  'says recovered after everything was lost': [
    'G5',
    (events, random) => {
      const n = someIndex(events, random, isTold);
      return events.map((event, at) => (at === n ? { ...event, recovered: true } : event));
    },
  ],
  'keeps the epoch after everything was lost': [
    'G5',
    (events) =>
      events.map((event) => {
        if (!('position' in event) || event.position === undefined) return event;
        return { ...event, position: { ...event.position, epoch: 'e1' } };
      }),
  ],
  'says not recovered though nothing was lost': [
    'G4',
    (events, random) => {
      const n = someIndex(events, random, isRecovered);
      return events.map((event, at) => (at === n ? { ...event, recovered: false } : event));
    },
  ],
  'appends one value twice': [
    'G6',
    (events, random) => {
      const n = someIndex(events, random, ({ kind }) => kind === 'publish-ok');
      const event = events[n];
      if (event?.kind !== 'publish-ok' || event.position === undefined) return [...events];
      const position = { ...event.position, offset: event.position.offset + 1_000 };
      return events.toSpliced(n + 1, 0, { ...event, position });
    },
  ],
  'delivers what nobody has sent': [
    'G1',
    (events, random) => {
      const n = someIndex(events, random, isDelivered);
      return events.map((event, at) => (at === n ? { ...event, value: 'invented' } : event));
    },
  ],
};

const seeds = Array.from({ length: 20 }, (_, n) => n + 1);

/** Long enough for the broker to have lost everything at least once. */
function historyOf(seed: number): { events: HistoryEvent[]; random: SeededRandom } {
  const random = new SeededRandom(seed);
  for (;;) {
    const events = madeUpHistory(random);
    if (events.some(isTold)) return { events, random };
  }
}

test.each(seeds)('nothing is wrong with history %i', (seed) => {
  expect(linesOf(historyOf(seed).events)).toEqual(new Set());
});

describe.each(Object.entries(mutations))('one that %s', (_, [line, mutate]) => {
  test.each(seeds)('is found out: %i', (seed) => {
    const { events, random } = historyOf(seed);
    expect([...linesOf(mutate(events, random))]).toContain(line);
  });
});
