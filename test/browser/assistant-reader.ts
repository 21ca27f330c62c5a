/** Somebody who uses the assistant's page: what they do and what they see, by the roles and names of the controls. */

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { faultsOf } from './page-faults.js';

export interface ReaderOptions extends BrowserContextOptions {
  readonly url: string;
  readonly chatId: string;
}

export class AssistantReader implements AsyncDisposable {
  readonly stop: Locator;
  readonly notice: Locator;
  /** What went wrong in the page. */
  readonly faults: readonly string[];

  private constructor(readonly page: Page) {
    this.stop = page.getByRole('button', { name: 'Stop' });
    this.notice = page.getByRole('status');
    this.faults = faultsOf(page);
  }

  static async open(browser: Browser, { url, chatId, ...options }: ReaderOptions): Promise<AssistantReader> {
    const context = await browser.newContext(options);
    const reader = new AssistantReader(await context.newPage());
    await reader.page.goto(`${url}/#${chatId}`);
    return reader;
  }

  async ask(text: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Message' });
    await field.fill(text);
    await field.press('Enter');
  }

  async asked(): Promise<string[]> {
    return this.page.locator('.asked').allTextContents();
  }

  /** The texts of the answers, as they are on the page. */
  async answers(): Promise<string[]> {
    return this.page
      .locator('.said')
      .evaluateAll((answers) =>
        answers.map((answer) =>
          [...answer.querySelectorAll('.text')]
            .map((text) => [...text.children].map(({ textContent }) => textContent).join('\n\n'))
            .join(''),
        ),
      );
  }

  async answer(): Promise<string> {
    return (await this.answers()).at(-1) ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
