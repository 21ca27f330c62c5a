/** Somebody who uses the chat page: what they do and what they see, by the roles and names of the controls. */

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { faultsOf } from './page-faults.js';

export interface VisitOptions extends BrowserContextOptions {
  /** With a slash at the end or without. */
  readonly url: string;
  readonly room: string;
  readonly name: string;
}

export class ChatVisitor implements AsyncDisposable {
  readonly log: Locator;
  readonly messages: Locator;
  /** Messages on their way, and those that were not sent. */
  readonly unsent: Locator;
  readonly failed: Locator;
  /** Where the page says that messages may be missing. */
  readonly gaps: Locator;
  readonly banner: Locator;
  readonly people: Locator;
  readonly field: Locator;
  readonly typingLine: Locator;
  /** When they had said their name, by `performance.now()`: the page connects then. */
  joinedAtMs = 0;
  /** What went wrong in the page: thrown errors, refused content, anything logged as an error. */
  readonly faults: readonly string[];

  private constructor(readonly page: Page) {
    this.log = page.getByRole('log');
    this.messages = this.log.locator('.message .text');
    this.unsent = this.log.locator('.message.pending, .message.failed');
    this.failed = this.log.locator('.message.failed');
    this.gaps = this.log.locator('.divider.gap');
    this.banner = page.getByRole('status');
    this.people = page.locator('#people-list .name');
    this.field = page.getByRole('textbox', { name: 'Message' });
    this.typingLine = page.locator('#typing');
    this.faults = faultsOf(page);
  }

  /** Opens the page, says a name, and is in the room. */
  static async enter(browser: Browser, { url, room, name, ...options }: VisitOptions): Promise<ChatVisitor> {
    const context = await browser.newContext(options);
    const visitor = new ChatVisitor(await context.newPage());
    await visitor.page.goto(`${url.replace(/\/$/, '')}/#${encodeURIComponent(room)}`);
    await visitor.page.getByLabel('Your name').fill(name);
    visitor.joinedAtMs = performance.now();
    await visitor.page.getByRole('button', { name: 'Continue' }).click();
    await visitor.entered();
    return visitor;
  }

  /** The history is there. */
  async entered(): Promise<void> {
    await this.page.locator('#log[aria-busy="false"]').waitFor();
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** Presses "Try again" at all that were not sent. @returns what they say */
  async sayFailedAgain(): Promise<string[]> {
    // In one turn of the page: what is confirmed meanwhile is no longer there.
    return this.failed.evaluateAll((rows) =>
      rows.flatMap((row) => {
        const button = [...row.querySelectorAll('button')].find(({ textContent }) => textContent === 'Try again');
        button?.click();
        return button === undefined ? [] : (row.querySelector('.text')?.textContent ?? []);
      }),
    );
  }

  /** Resolves when a message is shown that reads so. */
  async sees(text: string): Promise<void> {
    await this.messages.getByText(text, { exact: true }).waitFor();
  }

  /** Resolves when exactly these people are listed, in any order. */
  async seesPeople(...names: readonly string[]): Promise<void> {
    await this.page.waitForFunction(
      (expected) => {
        const listed = [...document.querySelectorAll('#people-list:not(.stale) .name')].map((name) => name.textContent);
        return JSON.stringify(listed.sort()) === expected;
      },
      JSON.stringify([...names].sort()),
    );
  }

  /** All messages that are shown, from the top. */
  async texts(): Promise<string[]> {
    return this.messages.allTextContents();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
