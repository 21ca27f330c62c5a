/** Somebody who follows the scores: what they do and see, and what their page gets on the wire. */

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { faultsOf } from './page-faults.js';

export class ScoresFan implements AsyncDisposable {
  /** What went wrong in the page: thrown errors, refused content, anything logged as an error. */
  readonly faults: readonly string[];
  /** Frames that came over WebSocket, as text, in which what is published can be read. */
  readonly frames: string[] = [];
  /** Connections over WebSocket that the page has made. */
  numConnections = 0;

  private constructor(readonly page: Page) {
    this.faults = faultsOf(page);
    page.on('websocket', (socket) => {
      this.numConnections += 1;
      socket.on('framereceived', ({ payload }) => this.frames.push(String(payload)));
    });
  }

  /** @param path behind the `#`: `/match/…` */
  static async arrive(
    browser: Browser,
    url: string,
    path = '/',
    options: BrowserContextOptions = {},
  ): Promise<ScoresFan> {
    const context = await browser.newContext(options);
    const fan = new ScoresFan(await context.newPage());
    await fan.page.goto(`${url}/#${path}`);
    return fan;
  }

  /** Resolves when the line at the top says so. */
  async isOnline(text = 'Connected'): Promise<void> {
    await this.page.locator('.line').getByText(text, { exact: true }).waitFor();
  }

  /** Resolves when the match has this score. */
  async seesScore(home: number, away: number): Promise<void> {
    await this.page.waitForFunction(
      (expected) =>
        [...document.querySelectorAll('.goals b')].map((figure) => figure.textContent).join(':') === expected,
      `${home}:${away}`,
    );
  }

  /** Resolves when the story has so many events. */
  async seesEvents(count: number): Promise<void> {
    await this.page.waitForFunction((wanted) => document.querySelectorAll('.entry .when').length === wanted, count);
  }

  /** The texts of the events, oldest first. */
  async story(): Promise<string[]> {
    const texts = await this.page.locator('.entry:not(.comment) p').evaluateAll((lines) =>
      // The score behind the text is not part of it.
      lines.map((line) => line.firstChild?.textContent ?? ''),
    );
    return texts.reverse();
  }

  /** How often a place of the ball is in these frames. */
  static balls(frames: readonly string[]): number {
    return frames.join('').match(/\{"second":\d+,"side":"\w+","x":/g)?.length ?? 0;
  }

  /** How often the whole state of a match is in these frames. */
  static sheets(frames: readonly string[]): number {
    return frames.join('').match(/"lineups":/g)?.length ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
