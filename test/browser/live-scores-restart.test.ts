/** A rolling restart of two nodes over Redis while a fan watches: every event once, and the newest of every state. */

import { expect, it } from 'vitest';
import { caughtUp } from '../../examples/live-scores/match-day/lines.js';
import { fixturesOf, matchDay } from '../../examples/live-scores/match-day/match-day.js';
import type { MatchEvent, Sheet } from '../../examples/live-scores/messages.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { ScoresServer } from '../support/programs/scores-server.js';
import { ScoresFan } from './scores-fan.js';

const match = fixturesOf(1)[0]?.id ?? '';
/** Nobody watches the other five: they would be most of the work. */
const day = [...matchDay(1)].map(({ at, lines }) => ({
  at,
  lines: lines.filter(({ channel }) => channel.endsWith(`:${match}`)),
}));
const until = (from: number, to: number) => day.filter(({ at }) => at > from && at <= to);
const lines = (to: number) => until(Number.NEGATIVE_INFINITY, to).flatMap((batch) => batch.lines);
// safe, both: what the simulator has put there
const eventsUntil = (to: number) =>
  lines(to)
    .filter(({ channel }) => channel === `events:${match}`)
    .map(({ data }) => data as MatchEvent);
const scoreUntil = (to: number) =>
  (lines(to).findLast(({ channel }) => channel === `match:${match}`)?.data as Sheet | undefined)?.score ??
  expect.fail();

it.skipIf(chromiumIsMissing() || redisIsMissing())('a fan misses nothing when two nodes are replaced', async () => {
  await using redis = await RedisServer.start();
  await using browser = { page: await launchBrowser(), [Symbol.asyncDispose]: () => browser.page.close() };
  const startNode = () => ScoresServer.start(['--broker', redis.url, '--shutdown-deadline', '2s']);
  const started = await Promise.all([startNode(), startNode()]);
  await using first = started[0];
  await using second = started[1];
  await using balancer = await FaultProxy.start({ port: first.port });
  await first.publish(...caughtUp(until(Number.NEGATIVE_INFINITY, 600)));
  await using fan = await ScoresFan.arrive(browser.page, `http://127.0.0.1:${balancer.port}`, `/match/${match}`);
  await fan.seesEvents(eventsUntil(600).length);

  balancer.retarget({ port: second.port });
  const replaced = await Promise.all([startNode(), first.stop(), second.play(until(600, 900))]);
  await using third = replaced[0];
  await fan.seesEvents(eventsUntil(900).length);
  balancer.retarget({ port: third.port });
  await Promise.all([second.stop(), third.play(until(900, 1_200))]);
  await fan.seesEvents(eventsUntil(1_200).length);
  await third.play(until(1_200, 1_500));

  const events = eventsUntil(1_500);
  await fan.seesEvents(events.length);
  expect(await fan.story()).toEqual(events.map(({ text }) => text));
  await fan.seesScore(...scoreUntil(1_500));
  await fan.isOnline();
  expect(fan.numConnections).toBeGreaterThanOrEqual(3);
  expect(fan.faults).toEqual([]);
});
