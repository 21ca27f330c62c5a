/** Somebody who plays the arena in a page: what they press and what they see, by the roles and names of what is there. */

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

export interface ArenaVisitOptions extends BrowserContextOptions {
  /** Without a slash at the end. */
  readonly url: string;
  /** Absent: looks on. */
  readonly name?: string;
  /** Default: any. */
  readonly room?: string;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly isAway: boolean;
}

/** Not a number where one is shown by no page. */
export function distance(a?: Place, b?: Place): number {
  return a === undefined || b === undefined ? Number.NaN : Math.hypot(a.x - b.x, a.y - b.y);
}

export class ArenaVisitor implements AsyncDisposable {
  readonly banner: Locator;
  readonly board: Locator;
  /** What went wrong in the page: thrown errors, refused content, anything logged as an error. */
  readonly faults: string[] = [];

  private constructor(readonly page: Page) {
    this.banner = page.getByRole('status');
    this.board = page.getByRole('complementary', { name: 'Scoreboard' });
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      // Chromium says by itself that a connection has failed, is closing, or a request that was to be one.
      const isConnection = /^WebSocket (connection to|is already in CLOSING)/.test(message.text());
      const isRequest = /\/(connection\/|emulation$)/.test(message.location().url);
      if (message.type() === 'error' && !isConnection && !isRequest) this.faults.push(message.text());
    });
  }

  /** Opens the page and is in a room. */
  static async enter(browser: Browser, { url, name, room, ...options }: ArenaVisitOptions): Promise<ArenaVisitor> {
    const context = await browser.newContext(options);
    const visitor = new ArenaVisitor(await context.newPage());
    const { page } = visitor;
    await page.goto(`${url}/${room === undefined ? '' : `#${room}`}`);
    if (name === undefined) await page.getByRole('button', { name: 'Only watch' }).click();
    else {
      await page.getByLabel('Your name').fill(name);
      await page.getByRole('button', { name: 'Play' }).click();
    }
    await visitor.entered();
    return visitor;
  }

  async entered(): Promise<void> {
    await this.page.locator('#score-list li').first().waitFor();
    await this.page.waitForFunction(() => document.querySelector('#arena')?.ariaLabel?.includes(' at '));
  }

  get room(): string {
    return new URL(this.page.url()).hash.slice(1);
  }

  /** Where the page shows a ship; `undefined` if it shows none of that name. */
  async place(name: string): Promise<Place | undefined> {
    const words = (await this.page.locator('#arena').getAttribute('aria-label')) ?? '';
    const found = new RegExp(`(?:^|; )${name}(?: \\(you\\))? at (\\d+), (\\d+), \\d shields(, away)?`).exec(words);
    return found === null ? undefined : { x: Number(found[1]), y: Number(found[2]), isAway: found[3] !== undefined };
  }

  /** Resolves as soon as the page shows the ship of a player who is away; called before, it misses no moment. */
  async seesAway(name: string): Promise<void> {
    await this.page.waitForFunction(
      (ship) =>
        (document.querySelector('#arena')?.ariaLabel ?? '')
          .split('; ')
          .some((words) => words.startsWith(`${ship} at `) && words.endsWith(', away')),
      name,
    );
  }

  /** The points of all players, by their names. */
  async points(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.board.locator('li').evaluateAll((all) =>
      all.map((row) => {
        const text = (selector: string) => row.querySelector(selector)?.textContent ?? '';
        return [text('.name').replace(/ bot$/, ''), Number(text('.points'))] as const;
      }),
    );
    return new Map(rows);
  }

  /** A figure of the overlay. */
  async figure(name: string): Promise<number> {
    return Number.parseFloat((await this.page.locator(`#figure-${name}`).textContent()) ?? '');
  }

  /** Presses a key for a while. */
  async hold(key: string, ms: number): Promise<void> {
    await this.holdWhile(key, () => this.page.waitForTimeout(ms));
  }

  /** Presses a key until what is awaited has come: on a loaded machine a page may draw nothing for as long as a fixed time. */
  async holdWhile(key: string, awaited: () => Promise<unknown>): Promise<void> {
    await this.page.keyboard.down(key);
    await awaited();
    await this.page.keyboard.up(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
