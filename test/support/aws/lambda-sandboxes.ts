/**
 * Lambda as AWS itself emulates it: each sandbox is its Runtime Interface Emulator with its runtime client for Node, and
 * handles one event at a time.
 */

import { freePort } from '../programs/free-port.js';
import { type Launch, started, TestServer } from '../programs/test-server.js';
import type { RuntimePrograms } from './runtime-programs.js';

export interface SandboxOptions {
  readonly programs: RuntimePrograms;
  /** Where the function's module is. */
  readonly task: string;
  /** As `app.handler`. */
  readonly handler: string;
  readonly env: NodeJS.ProcessEnv;
}

class Sandbox extends TestServer {
  private constructor(
    private readonly options: SandboxOptions,
    private readonly port: number,
    private readonly runtimePort: number,
  ) {
    super();
  }

  static start(options: SandboxOptions): Promise<Sandbox> {
    return started(async () => new Sandbox(options, await freePort(), await freePort()));
  }

  /** Rejects if the function has failed. */
  async invoke(event: object): Promise<unknown> {
    const url = `http://127.0.0.1:${this.port}/2015-03-31/functions/function/invocations`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
    const text = await response.text();
    if (!response.ok || text.includes('"errorType"')) throw new Error(`${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  protected override async launch(): Promise<Launch> {
    const { programs, task, handler, env } = this.options;
    const addresses = [
      ['--runtime-interface-emulator-address', `127.0.0.1:${this.port}`],
      ['--runtime-api-address', `127.0.0.1:${this.runtimePort}`],
    ].flat();
    return {
      path: programs.emulator,
      args: [...addresses, programs.node, programs.client, handler],
      env: {
        ...process.env,
        ...env,
        LAMBDA_TASK_ROOT: task,
        AWS_LAMBDA_FUNCTION_TIMEOUT: '29',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      },
      // Not the path of an invocation.
      isReady: async (signal) => (await fetch(`http://127.0.0.1:${this.port}/`, { signal })).status === 404,
    };
  }
}

export class LambdaSandboxes implements AsyncDisposable {
  readonly #idle: Sandbox[];
  readonly #waiting: ((sandbox: Sandbox) => void)[] = [];

  private constructor(private readonly all: readonly Sandbox[]) {
    this.#idle = [...all];
  }

  /** @param count of events at the same time; further ones wait */
  static async start(count: number, options: SandboxOptions): Promise<LambdaSandboxes> {
    return new LambdaSandboxes(await Promise.all(Array.from({ length: count }, () => Sandbox.start(options))));
  }

  async invoke(event: object): Promise<unknown> {
    const sandbox = this.#idle.pop() ?? (await new Promise<Sandbox>((resolve) => this.#waiting.push(resolve)));
    try {
      return await sandbox.invoke(event);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(sandbox);
      else next(sandbox);
    }
  }

  /** Milliseconds that the emulator has written down: of starts with the loading of the function, and of events. */
  get reported(): Readonly<Record<'startMs' | 'eventMs', readonly number[]>> {
    const output = this.all.map((sandbox) => sandbox.output).join('\n');
    const all = (pattern: RegExp) => [...output.matchAll(pattern)].map(([, ms]) => Number(ms));
    return {
      startMs: all(/INIT REPORT\(durationMs: ([0-9.]+)\)/g),
      eventMs: all(/^REPORT .*?\tDuration: ([0-9.]+) ms/gm),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((sandbox) => sandbox[Symbol.asyncDispose]()));
  }
}
