/** The Socket.IO twin of the live scores is the same example: the same pages, which show the same and catch up as well. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { buildTwinPages } from '../../bench/live-scores/build.mjs';
import { TwinServer } from '../../bench/live-scores/twin/server.js';
import { type Batch, caughtUp } from '../../examples/live-scores/match-day/lines.js';
import { fixturesOf, matchDay } from '../../examples/live-scores/match-day/match-day.js';
import type { MatchEvent, Sheet } from '../../examples/live-scores/messages.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { ScoresFan } from './scores-fan.js';

const day = [...matchDay(1)];
const match = fixturesOf(1)[0]?.id ?? '';
const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };
// safe, both: what the simulator has put there
const eventsOf = (batches: readonly Batch[]) =>
  batches
    .flatMap(({ lines }) => lines)
    .filter(({ channel }) => channel === `events:${match}`)
    .map(({ data }) => data as MatchEvent);
const scoreAt = (batches: readonly Batch[]) =>
  (
    batches.flatMap(({ lines }) => lines).findLast(({ channel }) => channel === `match:${match}`)?.data as
      | Sheet
      | undefined
  )?.score ?? expect.fail();

it.skipIf(chromiumIsMissing())('shows a match to who comes late, and what was missed in a tunnel', async () => {
  const pages = await buildTwinPages();
  const http = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
    const type = types[name.split('.').at(-1) ?? ''];
    if (type === undefined || name.includes('/')) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': type }).end(readFileSync(`${pages}/${name}`));
  });
  const twin = new TwinServer(http, { tokenSecret: 'a secret of the tests, of 32 bytes or more', code: 'code' });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  // safe: a server that listens on a port has such an address
  const { port } = http.address() as { readonly port: number };
  const browser = await launchBrowser();
  await using proxy = await FaultProxy.start({ port });
  try {
    const before = day.filter(({ at }) => at <= 900);
    twin.publish(caughtUp(before));
    await using fan = await ScoresFan.arrive(browser, `http://127.0.0.1:${proxy.port}`, `/match/${match}`);
    await fan.seesEvents(eventsOf(before).length);
    await fan.seesScore(...scoreAt(before));
    proxy.cut();
    await fan.isOnline('Reconnecting');
    const missed = day.filter(({ at }) => at > 900 && at <= 2_000);
    for (const { lines } of missed) twin.publish(lines);
    proxy.restore();
    const all = [...before, ...missed];
    await fan.seesEvents(eventsOf(all).length);
    expect(await fan.story()).toEqual(eventsOf(all).map(({ text }) => text));
    await fan.seesScore(...scoreAt(all));
    expect(fan.faults).toEqual([]);
  } finally {
    await browser.close();
    await twin.close();
    http.close();
  }
});
