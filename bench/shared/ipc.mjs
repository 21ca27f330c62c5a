// @ts-check
/** Requests and replies between the benchmark and its two child processes, over Node's IPC channel. */
import { spawn } from 'node:child_process';

/** @typedef {{ id: number, verb: string, args: unknown }} Request */
/** @typedef {{ id?: number, value?: unknown, error?: string, progress?: unknown }} Reply */

/**
 * In a child: answers each request of the parent with its handler's result. Parent and child are one program, so
 * a handler trusts its arguments.
 * @param {Record<string, (args: never) => unknown>} handlers
 */
export function answerRequests(handlers) {
  process.on('message', async (message) => {
    const { id, verb, args } = /** @type {Request} */ (message);
    try {
      const handler = handlers[verb];
      if (!handler) throw new Error(`no such request: ${verb}`);
      const value = await handler(/** @type {never} */ (args));
      process.send?.({ id, value: value ?? null });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}

/**
 * In a child: reports progress to the parent.
 * @param {object} progress
 */
export function tellProgress(progress) {
  process.send?.({ progress });
}

/**
 * @param {number | null} core
 * @param {string[]} command
 */
export function onCore(core, command) {
  return core === null ? command : ['taskset', '-c', String(core), ...command];
}

/** In the parent: one child process, pinned to a core if the machine supports it. */
export class Child {
  #process;
  #name;
  #nextId = 1;
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>} */
  #pending = new Map();
  /** @type {Promise<void>} */
  #exited;

  /**
   * @param {object} options
   * @param {string} options.name for messages
   * @param {string} [options.script] absolute path of the module to run
   * @param {string[]} [options.command] to run instead of Node; it speaks lines of JSON over the channel that Node opens
   * @param {number | null} options.core core to pin to; null: the system decides
   * @param {(progress: unknown) => void} [options.onProgress]
   */
  constructor({ name, script = '', command = [process.execPath, '--expose-gc', script], core, onProgress }) {
    const [program = '', ...args] = onCore(core, command);
    this.#name = name;
    this.#process = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (message) => this.#receive(/** @type {Reply} */ (message), onProgress));
    this.#exited = new Promise((resolve) => {
      this.#process.once('error', (error) => this.#failAll(error, resolve));
      this.#process.once('exit', (code, signal) => {
        this.#failAll(new Error(`the ${name} process ended early (${signal ?? code})`), resolve);
      });
    });
  }

  get pid() {
    return Number(this.#process.pid);
  }

  /**
   * Rejects if the handler throws or the process ends.
   * @template T result of the child's handler
   * @param {string} verb
   * @param {object} [args]
   * @returns {Promise<T>}
   */
  request(verb, args = {}) {
    return new Promise((resolve, reject) => {
      if (!this.#process.connected) {
        reject(new Error(`the ${this.#name} process is gone`));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve: (value) => resolve(/** @type {T} */ (value)), reject });
      this.#process.send({ id, verb, args });
    });
  }

  /** Ends the process and waits until it has ended. Idempotent. */
  async close() {
    if (this.#process.connected) this.#process.disconnect();
    const deadline = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(deadline);
  }

  /**
   * @param {Reply} reply
   * @param {((progress: unknown) => void) | undefined} onProgress
   */
  #receive({ id = 0, value, error, progress }, onProgress) {
    if (progress !== undefined) {
      onProgress?.(progress);
      return;
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new Error(`${this.#name}: ${error}`));
  }

  /**
   * @param {Error} error
   * @param {() => void} exited
   */
  #failAll(error, exited) {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    exited();
  }
}
