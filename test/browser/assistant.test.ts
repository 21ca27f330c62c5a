/** The assistant in Chromium, on nodes over Redis: two devices, stop, reload, a cut, and a deploy in the middle of an answer. */

import type { Browser } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { scriptFor } from '../../examples/assistant/model/scripts.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';
import { startExample } from '../support/programs/dev-server.js';
import { AssistantReader, type ReaderOptions } from './assistant-reader.js';

/** Three nodes and as many pages begin beside other tests. */
const patience = { timeout: 180_000 };
const eventually = { timeout: 60_000 };

describe.skipIf(chromiumIsMissing() || redisIsMissing())('the assistant', () => {
  let browser: Browser;
  const readers: AssistantReader[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    return () => browser.close();
  });

  afterEach(async () => {
    const faults = readers.flatMap((reader) => reader.faults);
    await Promise.all(readers.splice(0).map((reader) => reader[Symbol.asyncDispose]()));
    expect(faults).toEqual([]);
  });

  async function open(options: ReaderOptions): Promise<AssistantReader> {
    const reader = await AssistantReader.open(browser, options);
    readers.push(reader);
    return reader;
  }

  it('says the same on two devices, through a stop, a reload, a cut and a deploy', patience, async () => {
    await using redis = await RedisServer.start();
    const startNode = async (paceMs: number) => {
      const node = await startExample('assistant', { REDIS_URL: redis.url, ASSISTANT_PACE: String(paceMs) });
      onTestFinished(() => node[Symbol.asyncDispose]());
      return node;
    };
    // The node that is replaced would take minutes for the story; the others take a second or two.
    const [old, other] = await Promise.all([startNode(150), startNode(2)]);
    await using first = await FaultProxy.start({ port: old.port });
    await using second = await FaultProxy.start({ port: other.port });
    const chatId = 'two-devices';
    const ann = await open({ url: `http://127.0.0.1:${first.port}`, chatId });
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
    const bob = await open({ url: `http://127.0.0.1:${second.port}`, chatId, ...phone });

    // Who stops is at another node than the model.
    await ann.ask('How do I stop you?');
    await expect.poll(() => bob.answer(), eventually).not.toBe('');
    await bob.stop.click();
    for (const { stop } of [ann, bob]) await stop.waitFor({ state: 'hidden' });
    const stopped = await ann.answer();
    expect(scriptFor('stop').text('').startsWith(stopped)).toBe(true);
    expect(stopped.length).toBeLessThan(scriptFor('stop').text('').length);
    await expect.poll(() => bob.answers(), eventually).toEqual([stopped]);

    await ann.ask('Tell me a long story');
    await expect.poll(() => bob.answer(), eventually).toContain('lighthouse');
    const before = await bob.answer();
    await ann.page.reload();
    await expect.poll(async () => (await ann.answer()).length, eventually).toBeGreaterThan(before.length);
    expect(await ann.asked()).toEqual(['How do I stop you?', 'Tell me a long story']);
    expect(await ann.stop.isVisible()).toBe(true);

    second.reset();
    const next = await startNode(2);
    first.retarget({ port: next.port });
    await old.stop();
    const story = scriptFor('story').text('');
    for (const reader of [ann, bob]) {
      await expect.poll(() => reader.answers(), eventually).toEqual([stopped, story]);
      await reader.stop.waitFor({ state: 'hidden' });
    }

    // With a tool; and what one asks, the other has, also in a page that is opened later.
    await bob.ask('Weather in Lisbon?');
    await expect.poll(() => ann.answer(), eventually).toMatch(/°C in Lisbon\..*after a reload\.$/s);
    const late = await open({ url: `http://127.0.0.1:${first.port}`, chatId });
    await expect.poll(() => late.answers(), eventually).toEqual(await ann.answers());
    expect(await late.page.locator('.tool').textContent()).toContain('Lisbon');
    expect(await late.asked()).toEqual(await ann.asked());
    const overflowPx = await bob.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflowPx).toBeLessThanOrEqual(0);
  });
});
