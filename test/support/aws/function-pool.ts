/** Functions as processes: each handles one event at a time, is kept for later ones, and can be killed at any moment. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const programOf = (name: string) => fileURLToPath(new URL(`./${name}-function.mjs`, import.meta.url));

interface Container {
  readonly child: ChildProcess;
  /** Rejects the event that it handles. */
  fail: ((error: Error) => void) | undefined;
  succeed: ((answer: unknown) => void) | undefined;
}

export class FunctionPool implements AsyncDisposable {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #idle: Container[] = [];
  readonly #busy = new Set<Container>();
  readonly #all = new Set<Container>();
  readonly #waiting: ((container: Container) => void)[] = [];
  #numStarting = 0;
  #isClosed = false;
  /** Killed while they handled an event. */
  numKilled = 0;

  /** @param most functions at a time; further events wait */
  constructor(
    application: 'chaos' | 'chat',
    args: readonly string[],
    private readonly most: number,
  ) {
    this.#program = programOf(application);
    this.#args = args;
  }

  get numBusy(): number {
    return this.#busy.size;
  }

  /** Calls a function. Rejects if it fails, or dies. */
  async invoke(event: object): Promise<unknown> {
    const container = await this.#take();
    return new Promise((resolve, reject) => {
      container.succeed = resolve;
      container.fail = reject;
      container.child.send({ id: 0, event });
    });
  }

  /** Kills a function in the middle of its work. @param pick one of so many */
  kill(pick: (count: number) => number): void {
    const busy = [...this.#busy].filter(({ fail }) => fail !== undefined);
    const container = busy[pick(busy.length)];
    if (container === undefined) return;
    this.numKilled++;
    container.child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const exits = [...this.#all].map(
      ({ child }) =>
        new Promise((resolve) =>
          (child.exitCode ?? child.signalCode) === null ? child.once('exit', resolve) : resolve(undefined),
        ),
    );
    for (const { child } of this.#all) child.kill('SIGKILL');
    await Promise.all(exits);
  }

  async #take(): Promise<Container> {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      this.#busy.add(idle);
      return idle;
    }
    if (this.#all.size + this.#numStarting < this.most) this.#start();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #start(): void {
    if (this.#isClosed) return;
    this.#numStarting++;
    const child = fork(this.#program, this.#args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const container: Container = { child, fail: undefined, succeed: undefined };
    child.on('message', (message: 'ready' | { readonly answer?: unknown; readonly error?: string }) => {
      if (message === 'ready') {
        this.#numStarting--;
        this.#all.add(container);
        this.#free(container);
        return;
      }
      const { succeed, fail } = container;
      container.succeed = container.fail = undefined;
      if (message.error === undefined) succeed?.(message.answer);
      else fail?.(new Error(message.error));
      this.#free(container);
    });
    child.on('exit', () => {
      if (!this.#all.delete(container)) this.#numStarting--;
      this.#busy.delete(container);
      const at = this.#idle.indexOf(container);
      if (at !== -1) this.#idle.splice(at, 1);
      container.fail?.(new Error('the function has died'));
      container.fail = undefined;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  #free(container: Container): void {
    this.#busy.delete(container);
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#idle.push(container);
      return;
    }
    this.#busy.add(container);
    next(container);
  }
}
