/** An operator at the console's page: where they go and what they see, by the roles and names of what is on it. */

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** Every page of the console, by what leads to it. */
export const places = ['Overview', 'Nodes', 'Connections', 'Channels', 'Refusals', 'Publish', 'Configuration'] as const;

/** One call of the API, as the page has made it. */
export interface MadeCall {
  readonly method: string;
  readonly fields: unknown;
  readonly status: number;
  readonly answer: unknown;
}

export class ConsoleVisitor implements AsyncDisposable {
  /** What went wrong in the page: thrown errors, refused content, anything logged as an error. */
  readonly faults: string[] = [];
  readonly calls: MadeCall[] = [];
  /** Addresses of other hosts that the page has asked. */
  readonly strangers: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      // Chromium says by itself that a request was refused, as that of somebody who has not logged in.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text()))
        this.faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) this.strangers.push(request.url());
    });
    page.on('response', async (response) => {
      const [, method] = /\/console\/api\/(\w+)$/.exec(response.url()) ?? [];
      if (method === undefined) return;
      // A page that is left does not read its last answers.
      const answer: unknown = await response.json().catch(() => undefined);
      if (answer === undefined) return;
      this.calls.push({ method, fields: response.request().postDataJSON(), status: response.status(), answer });
    });
  }

  static async arrive(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<ConsoleVisitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const visitor = new ConsoleVisitor(await context.newPage(), url);
    await visitor.page.goto(`${url}/console/`);
    return visitor;
  }

  /** Arrives with the cookie of a login before: ten logins of an address are free. */
  static async enter(browser: Browser, url: string, cookie: string): Promise<ConsoleVisitor> {
    const [name = '', value = ''] = cookie.split(/=(.*)/);
    const place = { domain: new URL(url).hostname, path: '/console', expires: -1 };
    const kept = { name, value, ...place, httpOnly: true, secure: false, sameSite: 'Strict' } as const;
    const visitor = await ConsoleVisitor.arrive(browser, url, { storageState: { cookies: [kept], origins: [] } });
    await visitor.heading('Overview').waitFor();
    return visitor;
  }

  async logIn(password: string): Promise<void> {
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name });
  }

  /** By the list of pages. */
  async goTo(place: (typeof places)[number]): Promise<void> {
    await this.page
      .getByRole('navigation', { name: 'Pages of the console' })
      .getByRole('link', { name: place })
      .click();
  }

  /** By its address, as from a bookmark. */
  async open(...parts: readonly string[]): Promise<void> {
    await this.page.goto(`${this.url}/console/#/${parts.map(encodeURIComponent).join('/')}`);
  }

  async find(what: string): Promise<void> {
    await this.page.getByRole('searchbox', { name: 'User or client id' }).fill(what);
    await this.page.getByRole('button', { name: 'Find' }).click();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
