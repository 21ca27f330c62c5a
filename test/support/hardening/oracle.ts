/** What must hold for every bad input, whatever it is (hardening.md, "Bad inputs"). */

import { expect, vi } from 'vitest';
import { RawClient } from '../clients/raw-client.js';
import { type Held, ServerProcess, type ServerProcessOptions, tokenSecret } from './server-process.js';

const numControlPublications = 20;
const maxLagMs = 200;
const maxRssGrowthBytes = 32 * 1_024 * 1_024;
const waiting = { timeout: 5_000, interval: 10 };

/** Goes into every secret that a test sends: tokens, cookies, payloads. A log line that has it has leaked one. */
export const canary = 'hunter2-canary';

/** How many lines the server may log: a number, or at most so many for what comes in floods. */
export type LogExpectation = number | { readonly atMost: number };

export class Oracle {
  readonly server: ServerProcess & { readonly port: number };
  readonly #control: RawClient;
  readonly #pid: number | undefined;
  /** What the server holds when there is the control connection and nothing else. */
  readonly #resting: Held;

  private constructor(server: ServerProcess & { readonly port: number }, control: RawClient, resting: Held) {
    this.server = server;
    this.#control = control;
    this.#resting = resting;
    this.#pid = server.pid;
  }

  /** Starts a server, and the control connection that lives through everything done to it. */
  static async start(options: ServerProcessOptions = {}): Promise<Oracle> {
    const server = await ServerProcess.start(options);
    const control = await RawClient.connect(server.port);
    await control.command('subscribe', { channel: 'control' });
    // Code that runs for the first time is compiled and loaded; that is no leak.
    const warmUp = await RawClient.connect(server.port);
    await warmUp.command('subscribe', { channel: 'plain:warm-up' });
    await warmUp.command('publish', { channel: 'plain:warm-up', data: 1 });
    await warmUp.close();
    const resting = await vi.waitFor(async () => {
      const held = await server.ask('held');
      expect(held).toMatchObject({ interest: 1, sockets: 1, sessions: 1 });
      return held;
    }, waiting);
    return new Oracle(server, control, resting);
  }

  get port(): number {
    return this.server.port;
  }

  /**
   * Lets `attack` do its worst and then asserts that the process lives, the control connection got every publication
   * in order, the event loop and the memory stayed within bounds, everything taken was given back, and the log tells
   * of it without a secret. The attack closes what it has opened.
   *
   * @param logLines how many lines are logged; default: one
   */
  async withstands<T>(attack: () => Promise<T>, logLines: LogExpectation = 1): Promise<T> {
    const { server } = this;
    // A connection that the test has just closed may not be gone on the server's side: it would count as leaked before.
    await this.#expectHeld(this.#resting);
    const before = await server.ask('begin');
    const result = await attack();
    // One timer more is the one that publishes to the control connection.
    await this.#expectHeld({ ...before.held, timers: before.held.timers + 1 });
    const ended = await server.ask('end', { since: before.published, atLeast: numControlPublications });
    await this.#expectControl(before.published, ended.published);
    await this.#expectHeld(before.held);
    expect(server.pid).toBe(this.#pid);
    expect(server.exit).toBeUndefined();
    expect(server.stderr).toBe('');
    expect(ended.worst.lagMs).toBeLessThan(maxLagMs);
    expect(ended.worst.rssBytes - before.rssBytes).toBeLessThan(maxRssGrowthBytes);
    expectLog(ended.logLines, logLines);
    return result;
  }

  async stop(): Promise<void> {
    await this.#control.close();
    await this.server.stop();
  }

  /** What was taken is given back: at once, or when the time for it has come. */
  async #expectHeld(held: Held): Promise<void> {
    await vi.waitFor(async () => expect(await this.server.ask('held')).toEqual(held), waiting);
  }

  /** Every value once and in order, at offsets without a hole. */
  async #expectControl(from: number, to: number): Promise<void> {
    const received = () => this.#control.publications.filter(({ data }) => typeof data === 'number' && data > from);
    await vi.waitFor(() => expect(received().length).toBeGreaterThanOrEqual(to - from), waiting);
    expect(to - from).toBeGreaterThanOrEqual(numControlPublications);
    const values = Array.from({ length: to - from }, (_, i) => from + 1 + i);
    expect(received().map(({ data }) => data)).toEqual(values);
    expect(received().map(({ offset }) => offset)).toEqual(values);
  }
}

function expectLog(lines: readonly string[], expected: LogExpectation): void {
  const text = lines.join('');
  if (typeof expected === 'number') expect(lines, text).toHaveLength(expected);
  else expect(lines.length, text.slice(0, 2_000)).toBeLessThanOrEqual(expected.atMost);
  expect(text).not.toContain(canary);
  expect(text).not.toContain(tokenSecret);
  // A token begins with the base64url of `{"`, and is longer than a client's id, which may well have these letters in it.
  expect(text).not.toMatch(/eyJ[\w.-]{22}/);
  // One line is one line: whatever the peer sent, it cannot forge another.
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
}
