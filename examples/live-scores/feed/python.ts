/** The feed in Python, as a program beside the server: it gets lines on its standard input and publishes them over the HTTP API. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Line } from '../match-day/lines.js';

const script = fileURLToPath(new URL('feed.py', import.meta.url));

export interface ApiAccess {
  readonly url: string;
  readonly key: string;
}

export class PythonFeed {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #isOver = false;
  /** Lets `publish` go on, which waits for room. */
  #goOn = () => {};

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    child.stdin.on('drain', () => this.#goOn());
    child.once('close', () => {
      this.#isOver = true;
      this.#goOn();
    });
    // It has ended meanwhile: `publish` says so.
    child.stdin.on('error', () => {});
  }

  /** @returns `undefined` where there is no Python, or none with `cent` */
  static async start(program: string, { url, key }: ApiAccess, signal: AbortSignal): Promise<PythonFeed | undefined> {
    const env = { ...process.env, PYTHONUNBUFFERED: '1', SCORES_API_URL: url, SCORES_API_KEY: key };
    const child = spawn(program, [script, '-'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    signal.addEventListener('abort', () => child.kill(), { once: true });
    const isReady = await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false));
      child.once('close', () => resolve(false));
      child.stdout.once('data', () => resolve(true));
    });
    return isReady ? new PythonFeed(child) : undefined;
  }

  /** @returns whether it was taken; `false` when the program has ended */
  async publish(lines: readonly Line[]): Promise<boolean> {
    if (this.#isOver) return false;
    const isRoom = this.#child.stdin.write(`${JSON.stringify({ at: 0, lines })}\n`);
    if (!isRoom) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
    }
    return !this.#isOver;
  }
}
