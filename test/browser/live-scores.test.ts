/** The live scores in Chromium, with a match day that the test plays: late joiners, tunnels, slow lines, choices, the desk. */

import type { Browser } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, caughtUp, type Line } from '../../examples/live-scores/match-day/lines.js';
import { fixturesOf, matchDay } from '../../examples/live-scores/match-day/match-day.js';
import type { Alert, MatchEvent, Sheet } from '../../examples/live-scores/messages.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { ScoresServer, scoresCode } from '../support/programs/scores-server.js';
import { ScoresFan } from './scores-fan.js';

const day = [...matchDay(1)];
const [fixture] = fixturesOf(1);
const match = fixture?.id ?? '';
/** The first half of the first match is over by then, the second is not. */
const now = 900;
const before = day.filter(({ at }) => at <= now);

const linesOf = (batches: readonly Batch[], channel: string) =>
  batches.flatMap(({ lines }) => lines).filter((line) => line.channel === channel);
// safe, both: what the simulator has put there
const eventsOf = (batches: readonly Batch[]) =>
  linesOf(batches, `events:${match}`).map(({ data }) => data as MatchEvent);
const sheetOf = (batches: readonly Batch[]) => linesOf(batches, `match:${match}`).at(-1)?.data as Sheet;
const scoreAt = (batches: readonly Batch[]) => sheetOf(batches).score;

describe.skipIf(chromiumIsMissing())('the live scores', () => {
  let browser: Browser;
  let server: ScoresServer;
  const fans: ScoresFan[] = [];

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), ScoresServer.start()]);
    await server.publish(...caughtUp(before));
    return async () => {
      await browser.close();
      await server[Symbol.asyncDispose]();
    };
  });

  afterEach(async () => {
    const faults = fans.flatMap((fan) => fan.faults);
    await Promise.all(fans.splice(0).map((fan) => fan[Symbol.asyncDispose]()));
    expect(faults).toEqual([]);
  });

  async function arrive(...args: [url: string, path?: string]): Promise<ScoresFan> {
    const fan = await ScoresFan.arrive(browser, ...args);
    fans.push(fan);
    return fan;
  }

  it('shows the board to who comes late, and each match behind it', async () => {
    const fan = await arrive(server.url);
    await fan.page.getByRole('heading', { name: 'Matchday 1' }).waitFor();
    expect(await fan.page.locator('.result').count()).toBe(6);
    const { home, away } = fixture ?? expect.fail();
    await fan.page.getByRole('link', { name: `${home.team.name}` }).click();
    await fan.page.getByRole('article', { name: `${home.team.name} against ${away.team.name}` }).waitFor();
    await fan.seesScore(...scoreAt(before));
  });

  it('brings who comes late the whole state of a match in one message, and the story from its beginning', async () => {
    const fan = await arrive(server.url, `/match/${match}`);
    await fan.seesScore(...scoreAt(before));
    const events = eventsOf(before);
    await fan.seesEvents(events.length);
    expect(await fan.story()).toEqual(events.map(({ text }) => text));
    expect(await fan.page.locator('.figure').count()).toBe(8);
    expect(await fan.page.locator('.shirt').count()).toBeGreaterThan(18);
    const { momentum } = sheetOf(before);
    expect(await fan.page.locator('.chart rect:is(.home, .away)').count()).toBeGreaterThanOrEqual(momentum.length);
    // In one publication of one frame.
    expect(ScoresFan.sheets(fan.frames)).toBe(1);
  });

  it('lets a fan in a tunnel catch up: all events once and in order, the newest state, and no flood', async () => {
    await using own = await ScoresServer.start();
    await using proxy = await FaultProxy.start({ port: own.port });
    await own.publish(...caughtUp(before));
    const fan = await arrive(`http://127.0.0.1:${proxy.port}`, `/match/${match}`);
    await fan.seesEvents(eventsOf(before).length);
    proxy.cut();
    await fan.isOnline('Reconnecting');
    const missed = day.filter(({ at }) => at > now && at <= now + 1_200);
    await own.play(missed);
    const numFrames = fan.frames.length;
    proxy.restore();
    const all = [...before, ...missed];
    await fan.seesEvents(eventsOf(all).length);
    expect(await fan.story()).toEqual(eventsOf(all).map(({ text }) => text));
    await fan.seesScore(...scoreAt(all));
    await fan.isOnline();
    expect(linesOf(missed, `ball:${match}`).length).toBeGreaterThan(400);
    // Of hundreds of places of the ball, and of as many states of the match, the last one.
    expect(linesOf(missed, `match:${match}`).length).toBeGreaterThan(25);
    expect(ScoresFan.balls(fan.frames.slice(numFrames))).toBeLessThanOrEqual(2);
    expect(ScoresFan.sheets(fan.frames.slice(numFrames))).toBeLessThanOrEqual(2);
    const rest = day.filter(({ at }) => at > now + 1_200 && at <= now + 1_500);
    await own.play(rest);
    await fan.seesEvents(eventsOf([...all, ...rest]).length);
  });

  it('keeps a fan on a slow line, who ends on what is newest', async () => {
    await using own = await ScoresServer.start();
    await using proxy = await FaultProxy.start({ port: own.port });
    await own.publish(...caughtUp(before));
    const fan = await arrive(`http://127.0.0.1:${proxy.port}`, `/match/${match}`);
    await fan.seesEvents(eventsOf(before).length);
    const { numConnections } = fan;
    proxy.setFaults({ bytesPerSec: 2_000 }, 'toClient');
    const played = day.filter(({ at }) => at > now && at <= now + 900);
    await own.play(played);
    const all = [...before, ...played];
    await fan.seesScore(...scoreAt(all));
    await fan.seesEvents(eventsOf(all).length);
    expect(fan.numConnections).toBe(numConnections);
    proxy.restore();
  });

  it('tells of the teams that a reader has chosen, and of no others', async () => {
    const fan = await arrive(server.url);
    const [chosen = expect.fail(), other = expect.fail()] = fixturesOf(1);
    const name = `Tell me about ${chosen.home.team.name}`;
    await fan.page.getByRole('button', { name }).click();
    await expect.poll(() => server.numSubscribers('alerts')).toBe(1);
    const goal = ({ id, home, away }: typeof chosen, text: string): Line => {
      const event = { kind: 'goal', second: 60, period: 1, side: 'home', text } as const;
      const alert: Alert = { ...event, score: [1, 0], match: id, home: home.team, away: away.team };
      return { channel: 'alerts', data: alert, tags: { kind: 'goal', home: home.team.code, away: away.team.code } };
    };
    await server.publish(goal(other, 'not asked for'), goal(chosen, 'this was asked for'));
    await fan.page.locator('.alerts').getByText('this was asked for').waitFor();
    expect(await fan.page.locator('.alerts li').count()).toBe(1);
    expect(fan.frames.join('\n')).not.toContain('not asked for');
    await fan.page.reload();
    await fan.page.getByRole('button', { name, pressed: true }).waitFor();
  });

  it('sends what moves as often as the reader has chosen', async () => {
    const fan = await arrive(server.url, `/match/${match}`);
    await fan.seesScore(...scoreAt(before));
    const sent: string[] = [];
    fan.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    await fan.page.reload();
    await fan.seesScore(...scoreAt(before));
    expect(sent.join('\n')).toMatch(/ball:[^}]*"maxRate":10|"maxRate":10[^}]*ball:/);
    await fan.page.getByText('Saver', { exact: true }).click();
    await expect.poll(() => sent.join('\n')).toMatch(/ball:[^}]*"maxRate":0.2|"maxRate":0.2[^}]*ball:/);
    await fan.seesScore(...scoreAt(before));
  });

  it('lets a commentator write, and everybody read it at once', async () => {
    const fan = await arrive(server.url, `/match/${match}`);
    await fan.seesScore(...scoreAt(before));
    const commentator = await arrive(server.url, `/desk?code=${scoresCode}`);
    await commentator.page.getByLabel('Your name').fill('Ada');
    await commentator.page.getByRole('button', { name: 'Take the microphone' }).click();
    await commentator.page.getByRole('button', { name: new RegExp(fixture?.home.team.code ?? '') }).click();
    await commentator.page.getByLabel('What do you see?').fill('They look tired.');
    await commentator.page.getByRole('button', { name: 'Say it' }).click();
    await fan.page.locator('.entry.comment').getByText('They look tired.').waitFor();
    expect(await fan.page.locator('.entry.comment cite').textContent()).toBe('Ada');
    await commentator.page.locator('.said').getByText('They look tired.').waitFor();
  });

  it('refuses who does not know the code', async () => {
    const stranger = await arrive(server.url, '/desk');
    await stranger.page.getByLabel('Your name').fill('Eve');
    await stranger.page.getByLabel('Code').fill('something');
    await stranger.page.getByRole('button', { name: 'Take the microphone' }).click();
    await stranger.page.getByRole('alert').getByText('that is not the code').waitFor();
  });
});
