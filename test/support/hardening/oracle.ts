/** What must hold for every bad input, whatever it is (hardening.md, "Bad inputs"). */

import { afterAll, beforeAll, expect, vi } from 'vitest';
import { RawClient } from '../clients/raw-client.js';
import { attacksOn } from './attacks.js';
import { type Held, ServerProcess, type ServerProcessOptions, tokenSecret } from './server-process.js';

const numControlPublications = 20;
const maxLagMs = 200;
const maxRssGrowthBytes = 32 * 1_024 * 1_024;
const waiting = { timeout: 5_000, interval: 10 };

/** Goes into every secret that a test sends: tokens, cookies, payloads. A log line that has it has leaked one. */
export const canary = 'hunter2-canary';

/** How many lines the server may log: a number, or at most so many for what comes in floods. */
export type LogExpectation = number | { readonly atMost: number };

/** What there is while it runs: the server, the control connection, and what the server holds when there is nothing else. */
interface Running {
  readonly server: ServerProcess & { readonly port: number };
  readonly control: RawClient;
  readonly resting: Held;
}

export class Oracle implements AsyncDisposable {
  #running: Running | undefined;
  /** A test that is an attack as a whole, with the number of lines that are logged before it; default: one. */
  readonly attack = attacksOn(this);

  /** Starts a server, and the control connection that lives through everything done to it. */
  static async start(options: ServerProcessOptions = {}): Promise<Oracle> {
    const oracle = new Oracle();
    oracle.#running = await run(options);
    return oracle;
  }

  /** That of all tests of a file. */
  static ofFile<Kind extends Oracle>(this: new () => Kind, options: ServerProcessOptions = {}): Kind {
    const oracle = new this();
    beforeAll(async () => {
      oracle.#running = await run(options);
    });
    afterAll(() => oracle[Symbol.asyncDispose]());
    return oracle;
  }

  get server(): Running['server'] {
    return this.#known.server;
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
    await this.#expectHeld(this.#known.resting);
    const { pid } = server;
    const before = await server.ask('begin');
    const result = await attack().catch(async (error: unknown) => {
      // The next one is to find the server at rest.
      await server.ask('end', { since: before.published, atLeast: 0 });
      throw error;
    });
    // One timer more is the one that publishes to the control connection.
    await this.#expectHeld({ ...before.held, timers: before.held.timers + 1 });
    const ended = await server.ask('end', { since: before.published, atLeast: numControlPublications });
    await this.#expectControl(before.published, ended.published);
    await this.#expectHeld(before.held);
    expect(server.pid).toBe(pid);
    expect(server.exit).toBeUndefined();
    expect(server.stderr).toBe('');
    expect(ended.worst.lagMs).toBeLessThan(maxLagMs);
    expect(ended.worst.rssBytes - before.rssBytes).toBeLessThan(maxRssGrowthBytes);
    expectLog(ended.logLines, logLines);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.control.close();
    await this.#running?.server.stop();
  }

  get #known(): Running {
    if (this.#running === undefined) throw new Error('it runs no server yet');
    return this.#running;
  }

  /** What was taken is given back: at once, or when the time for it has come. */
  async #expectHeld(held: Held): Promise<void> {
    await vi.waitFor(async () => expect(await this.server.ask('held')).toEqual(held), waiting);
  }

  /** Every value once and in order, at offsets without a hole. */
  async #expectControl(from: number, to: number): Promise<void> {
    const received = () =>
      this.#known.control.publications.filter(({ data }) => typeof data === 'number' && data > from);
    await vi.waitFor(() => expect(received().length).toBeGreaterThanOrEqual(to - from), waiting);
    expect(to - from).toBeGreaterThanOrEqual(numControlPublications);
    const values = Array.from({ length: to - from }, (_, i) => from + 1 + i);
    expect(received().map(({ data }) => data)).toEqual(values);
    expect(received().map(({ offset }) => offset)).toEqual(values);
  }
}

async function run(options: ServerProcessOptions): Promise<Running> {
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
  return { server, control, resting };
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
