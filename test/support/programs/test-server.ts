/** A server of the test: a program with a folder of its own that is started, killed, made to stand still, and started again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that starts does not always tell when it is ready; asking it costs it little. */
const pollMs = 20;

export interface Launch {
  readonly path: string;
  readonly args: readonly string[];
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: that of this process. */
  readonly cwd?: string;
  /** What it says when it is ready; or a question that resolves with true when this very process answers it. */
  readonly isReady: RegExp | ((over: AbortSignal) => Promise<boolean>);
}

/** Disposing of it ends its process and removes its folder. */
export abstract class TestServer implements AsyncDisposable {
  /** Where it keeps its data, over restarts too. */
  readonly folder = mkdtempSync(join(tmpdir(), 'fanfare-server-'));
  #child: ChildProcess | undefined;
  #output = '';

  /** Writes its configuration into its folder. @returns how it is run */
  protected abstract launch(): Promise<Launch>;

  /** What it has said since it was started last. */
  get output(): string {
    return this.#output;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it (again), with what is in its folder. Resolves when it is ready. @throws Error with its output */
  async startAgain(): Promise<void> {
    await this.kill();
    const { path, args, env, cwd, isReady } = await this.launch();
    const child = spawn(path, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#output = '';
    const over = new AbortController();
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code, signal) => {
        const message = `${path} has ended by itself (${code ?? signal}): ${this.#output.slice(-4_000)}`;
        if (this.#child === child) console.error(message);
        over.abort();
        reject(new Error(message));
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          this.#output += text;
          if (isReady instanceof RegExp && isReady.test(this.#output)) resolve();
        });
      }
      if (typeof isReady === 'function') answered(isReady, over.signal).then(resolve, reject);
    });
  }

  /** As if the machine had gone; what is on its disk stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** In the way in which it is meant to be ended. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Stands still: connections stay, and nothing answers. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) await ended(child, signal);
  }
}

/** Sends the signal, unless it has ended already, and waits for its end. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Others may be quicker to take the free ports that were found for it: then another is made, on others. */
export async function started<Server extends TestServer>(
  make: () => Server | Promise<Server>,
  maxAttempts = 5,
): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const server = await make();
    try {
      await server.startAgain();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      if (attempt === maxAttempts) throw error;
    }
  }
}

/** Resolves when it is ready; whatever goes wrong until then means: not yet. */
async function answered(isReady: (over: AbortSignal) => Promise<boolean>, over: AbortSignal): Promise<void> {
  while (!over.aborted && !(await isReady(over).catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, pollMs));
}
