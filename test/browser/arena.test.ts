/** The arena in Chromium: players who see each other, a cut, a page loaded again, a spectator, a slow line, a phone. */

import type { Browser } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { type DevServer, startExample } from '../support/programs/dev-server.js';
import { type ArenaVisitOptions, ArenaVisitor, distance } from './arena-visitor.js';

/** A whole unit is what the page says; the own ship is drawn between two steps. */
const nearness = 3;
const eventually = { timeout: 20_000 };

describe.skipIf(chromiumIsMissing())('the arena', () => {
  let browser: Browser;
  let server: DevServer;
  const visitors: ArenaVisitor[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    return () => browser.close();
  });

  // One for each: places of those who have just left are kept, and longer than a loaded machine takes to load a page. No bots:
  // nobody is hit, and ships stay where they are.
  beforeEach(async () => {
    server = await startExample('arena', { ARENA_FILL: '0', ARENA_KEEP: '120' });
  });

  afterEach(async () => {
    const faults = visitors.flatMap((visitor) => visitor.faults);
    await Promise.all(visitors.splice(0).map((visitor) => visitor[Symbol.asyncDispose]()));
    await server[Symbol.asyncDispose]();
    expect(faults).toEqual([]);
  });

  async function enter(options: Omit<ArenaVisitOptions, 'url'> & { readonly url?: string }): Promise<ArenaVisitor> {
    const visitor = await ArenaVisitor.enter(browser, { url: server.url, ...options });
    visitors.push(visitor);
    return visitor;
  }

  it('shows two players each other, at the same places, while they fly', async () => {
    const ann = await enter({ name: 'Ann' });
    const bo = await enter({ name: 'Bo', room: ann.room });
    await expect.poll(() => ann.place('Bo'), eventually).toBeDefined();
    const before = await bo.place('Ann');
    await ann.holdWhile('ArrowUp', () =>
      expect.poll(async () => distance(before, await bo.place('Ann')), eventually).toBeGreaterThan(60),
    );
    // When it has come to rest it is at one place for both.
    await expect
      .poll(async () => distance(await ann.place('Ann'), await bo.place('Ann')), eventually)
      .toBeLessThan(nearness);
    expect([...(await bo.points()).keys()].sort()).toEqual(['Ann', 'Bo']);
    expect(await ann.figure('lost')).toBe(0);
  });

  it('gives a player back the same ship in the same place after five seconds without a connection', async () => {
    const ann = await enter({ name: 'Ann' });
    const bo = await enter({ name: 'Bo', room: ann.room });
    await expect.poll(() => ann.place('Bo'), eventually).toBeDefined();
    const before = await ann.place('Ann');
    // Both pass: who looks only afterwards may miss them.
    const seen = Promise.all([ann.banner.getByText('Connection lost').waitFor(), bo.seesAway('Ann')]);
    await ann.page.getByRole('button', { name: 'Cut the line' }).click();
    await seen;
    expect(distance(before, await bo.place('Ann'))).toBeLessThan(nearness);
    await ann.banner.waitFor({ state: 'hidden' });
    await expect.poll(async () => (await bo.place('Ann'))?.isAway, eventually).toBe(false);
    expect(distance(before, await ann.place('Ann'))).toBeLessThan(nearness);
    expect(distance(before, await bo.place('Ann'))).toBeLessThan(nearness);
    await ann.holdWhile('ArrowUp', () =>
      expect.poll(async () => distance(before, await bo.place('Ann')), eventually).toBeGreaterThan(30),
    );
  });

  it('gives the ship back to a page that is loaded again', async () => {
    const ann = await enter({ name: 'Ann' });
    const before = await ann.place('Ann');
    await ann.page.reload();
    await ann.entered();
    await expect.poll(async () => distance(before, await ann.place('Ann')), eventually).toBeLessThan(nearness);
    expect([...(await ann.points()).keys()]).toEqual(['Ann']);
  });

  it('shows spectators everything at a lower rate', async () => {
    const ann = await enter({ name: 'Ann' });
    const eve = await enter({ room: ann.room });
    await expect.poll(() => eve.place('Ann'), eventually).toBeDefined();
    // Beside the player's at the same time: what waited while the machine was busy comes to both at once.
    const shareOfTicks = async () => {
      const [all, some] = await Promise.all([ann.figure('ticks'), eve.figure('ticks')]);
      return some > 2 ? some / all : Number.NaN;
    };
    await expect.poll(shareOfTicks, eventually).toBeLessThan(0.45);
    expect([...(await ann.points()).keys()]).toEqual(['Ann']);
    const before = await eve.place('Ann');
    await ann.holdWhile('ArrowUp', () =>
      expect.poll(async () => distance(before, await eve.place('Ann')), eventually).toBeGreaterThan(50),
    );
  });

  it('flies at once on a line that is far and narrow, and ends where everybody sees it', async () => {
    await using proxy = await FaultProxy.start({ port: server.port });
    const ann = await enter({ name: 'Ann', url: `http://127.0.0.1:${proxy.port}` });
    const bo = await enter({ name: 'Bo', room: ann.room });
    await expect.poll(() => ann.place('Bo'), eventually).toBeDefined();
    proxy.setFaults({ latencyMs: 150, bytesPerSec: 8_000 });
    await expect.poll(() => ann.figure('ping'), eventually).toBeGreaterThan(250);
    const before = await ann.place('Ann');
    await ann.holdWhile('ArrowUp', () =>
      expect.poll(async () => distance(before, await bo.place('Ann')), eventually).toBeGreaterThan(60),
    );
    await expect
      .poll(async () => distance(await ann.place('Ann'), await bo.place('Ann')), eventually)
      .toBeLessThan(nearness);
  });

  it('fits a phone, and is played with two thumbs', async () => {
    const viewport = { width: 390, height: 844 };
    const ann = await enter({ name: 'Ann', viewport, hasTouch: true, isMobile: true, colorScheme: 'dark' });
    const before = await ann.place('Ann');
    await ann.page.locator('#arena').evaluate((canvas) => {
      const touch = (type: string, clientX: number, clientY: number) =>
        canvas.dispatchEvent(
          new PointerEvent(type, {
            pointerId: 1,
            pointerType: 'touch',
            clientX,
            clientY,
            bubbles: true,
            isPrimary: true,
          }),
        );
      // A finger that a script makes cannot be captured.
      canvas.setPointerCapture = () => undefined;
      touch('pointerdown', 90, 640);
      touch('pointermove', 90, 580);
    });
    await expect.poll(async () => distance(before, await ann.place('Ann')), eventually).toBeGreaterThan(60);
    const overflowPx = await ann.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflowPx).toBeLessThanOrEqual(0);
  });
});
