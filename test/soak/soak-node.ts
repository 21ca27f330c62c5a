/** A node of the soak as a child process, which can be replaced by a new one on the same port. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/programs/free-port.js';

const script = fileURLToPath(new URL('./node.mjs', import.meta.url));

/**
 * V8 compiles a function when it has run for some time, once more when it has run for long, keeps what it has learnt of it, and
 * forgets all of that when nobody calls it for some time: a heap of 20 MiB grows by two of them in half an hour. So functions are
 * compiled at once, once only, and not forgotten.
 */
const compilesAtOnce = [
  '--no-lazy-feedback-allocation',
  '--always-sparkplug',
  '--no-opt',
  '--no-maglev',
  '--no-flush-bytecode',
];

/** What a node holds. */
export interface Figures {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly externalBytes: number;
  readonly handles: number;
  /** So many of each kind. */
  readonly kindsOfHandles: Readonly<Record<string, number>>;
  readonly timers: number;
  readonly sockets: number;
  readonly sessions: number;
  readonly channels: number;
  readonly subscriptions: number;
  readonly deadlines: number;
  readonly pinged: number;
  readonly interest: number;
  readonly errors: number;
}

export interface SoakNodeOptions {
  /** Of Redis. */
  readonly url: string;
  /** How long the broker keeps what nobody uses. */
  readonly keepSec: number;
  /** A folder for what is there at rest, and where it was made. */
  readonly traceTo?: string | undefined;
}

interface Answer {
  readonly id: number;
  readonly result: unknown;
}

export class SoakNode implements AsyncDisposable {
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #child: ChildProcess | undefined;
  #lastId = 0;
  /** Whether a load balancer would send somebody there. */
  isUp = false;

  private constructor(
    readonly port: number,
    private readonly options: SoakNodeOptions,
  ) {}

  static async start(options: SoakNodeOptions): Promise<SoakNode> {
    const node = new SoakNode(await freePort(), options);
    await node.#begin();
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  figures(): Promise<Figures> {
    // safe: what the script answers
    return this.#ask('figures') as Promise<Figures>;
  }

  /** The same after a garbage collection. */
  rest(): Promise<Figures> {
    // safe: what the script answers
    return this.#ask('rest') as Promise<Figures>;
  }

  /** Writes what is there, if the options name a folder for that. @returns whether they do */
  async trace(): Promise<boolean> {
    if (this.options.traceTo === undefined) return false;
    await this.#ask('trace');
    return true;
  }

  /** As a deploy does it: it is told to go, takes its time, and a new one takes its place. @throws Error if it did not end well */
  async replace(): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error('it has not been started');
    this.isUp = false;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const [code, signal] = await exited;
    if (code !== 0) throw new Error(`a node that was told to go ended with ${signal ?? code}`);
    await this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.isUp = false;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async #begin(): Promise<void> {
    const config = JSON.stringify({ ...this.options, port: this.port });
    const child = fork(script, [config], {
      execArgv: ['--expose-gc', '--unhandled-rejections=strict', ...compilesAtOnce],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', ({ id, result }: Answer) => {
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`a node has ended (${signal ?? code})`));
      this.#waiting.clear();
    });
    await this.#answer(0);
    this.isUp = true;
  }

  #ask(operation: 'figures' | 'rest' | 'trace'): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = this.#answer(id);
    this.#child?.send({ id, operation });
    return answer;
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}
