/**
 * Workers as processes: the command starts itself again, and each step of a generator becomes a message with its answer.
 * Both ends run the same program.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Generator, type LoadGenerator, type Tick, type WorkerTask } from './generator.js';
import type { Published, Times } from './publications.js';

/** Set for a process that is a worker. Not an option, so it does not begin with FANFARE_. */
const workerVariable = 'WORKER_OF_FANFARE_LOAD';

type Order =
  | { readonly kind: 'prepare'; readonly task: WorkerTask }
  | { readonly kind: 'connect'; readonly startUs: number }
  | { readonly kind: 'run'; readonly times: Times }
  | { readonly kind: 'drain'; readonly published: Published }
  | { readonly kind: 'close' }
  | { readonly kind: 'stop' };

type Report =
  | { readonly kind: 'tick'; readonly tick: Tick }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string };

export function isLoadWorker(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[workerVariable] !== undefined && process.send !== undefined;
}

/** A generator in a process of its own. */
export class WorkerProcess implements LoadGenerator {
  readonly #child: ChildProcess;
  readonly #task: WorkerTask;
  #waiting: { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(
    task: WorkerTask,
    private readonly onTick: (tick: Tick) => void,
  ) {
    this.#task = task;
    this.#child = fork(process.argv[1] ?? '', ['load'], {
      env: { ...process.env, [workerVariable]: String(task.share.index) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.#take(message as Report)); // safe: it is of this program
    this.#child.once('error', (error) => this.#lost(error.message));
    this.#child.once('exit', (code, signal) => this.#lost(`it has ended by itself (${code ?? signal})`));
  }

  async prepare(): Promise<void> {
    await this.#ask({ kind: 'prepare', task: this.#task });
  }

  async connect(startUs: number): Promise<number> {
    // safe: what this step returns
    return (await this.#ask({ kind: 'connect', startUs })) as number;
  }

  async run(times: Times): Promise<Published> {
    // safe: what this step returns
    return (await this.#ask({ kind: 'run', times })) as Published;
  }

  async drain(published: Published): Promise<number> {
    // safe: what this step returns
    return (await this.#ask({ kind: 'drain', published })) as number;
  }

  stop(): void {
    if (this.#child.connected) this.#child.send({ kind: 'stop' } satisfies Order);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (this.#child.connected) {
      await this.#ask({ kind: 'close' }).catch(() => undefined);
      if (this.#child.connected) this.#child.disconnect();
    }
    await exited;
  }

  #ask(order: Order): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new Error('a worker of the load is gone'));
        return;
      }
      this.#waiting = { resolve, reject };
      this.#child.send(order);
    });
  }

  #take(report: Report): void {
    if (report.kind === 'tick') this.onTick(report.tick);
    else if (report.kind === 'done') this.#waiting?.resolve(report.value);
    else this.#lost(report.message);
  }

  #lost(reason: string): void {
    this.#waiting?.reject(new Error(`worker ${this.#task.share.index + 1} of the load: ${reason}`));
    this.#waiting = undefined;
  }
}

/** The other end. Resolves when the process that started it is done with it, or gone. */
export function serveLoadWorker(): Promise<void> {
  let generator: Generator | undefined;
  const report = (message: Report) => void (process.connected && process.send?.(message));
  const carryOut = async (order: Order): Promise<unknown> => {
    if (order.kind === 'prepare') {
      generator = new Generator(order.task, (tick) => report({ kind: 'tick', tick }));
      return generator.prepare();
    }
    if (generator === undefined) throw new Error('not prepared');
    switch (order.kind) {
      case 'connect':
        return generator.connect(order.startUs);
      case 'run':
        return generator.run(order.times);
      case 'drain':
        return generator.drain(order.published);
      case 'close':
        return generator.close();
      case 'stop':
        return generator.stop();
    }
  };
  // A terminal sends them to the whole group; the process that started this one decides.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
  return new Promise((resolve) => {
    process.on('message', (message) => {
      const order = message as Order; // safe: it is of this program
      carryOut(order).then(
        (value) => {
          if (order.kind !== 'stop') report({ kind: 'done', value });
        },
        (error: unknown) => report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
      );
    });
    process.once('disconnect', () => resolve(generator?.close()));
  });
}
