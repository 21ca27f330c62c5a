/** Starts test/hardening/server.mjs as a child process and asks it about itself. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DeflateOptions } from '../../../src/server/deflate-options.js';
import type { JwtOptions } from '../../../src/server/jwt.js';

const fixture = fileURLToPath(new URL('../../hardening/server.mjs', import.meta.url));

/** Signs the tokens of the tests; 32 bytes. No log line may ever have it. */
export const tokenSecret = 'hardening-secret-0123456789abcdef';

export interface ServerProcessOptions {
  /** Limits that differ from the defaults. */
  readonly limits?: Readonly<Record<string, number>>;
  /** `jwt`: tokens signed with {@link tokenSecret}, or anonymous. `cookie`: by the application's function. */
  readonly auth?: 'jwt' | 'cookie';
  /** Besides {@link tokenSecret}; with `auth: 'jwt'`. */
  readonly jwt?: Omit<JwtOptions, 'secret'>;
  readonly origins?: readonly string[];
  readonly trustProxies?: readonly string[];
  /** Compression on the port. Default: none. */
  readonly deflate?: DeflateOptions;
  /** Keys of the HTTP API. Default: there is no API. */
  readonly api?: readonly string[];
}

/** What the server holds on to; it returns to where it was when a peer is gone. */
export interface Held {
  readonly timers: number;
  readonly sockets: number;
  readonly sessions: number;
  readonly clients: number;
  readonly channels: number;
  readonly subscriptions: number;
  readonly deadlines: number;
  readonly pinged: number;
  readonly interest: number;
}

export interface Begun {
  readonly held: Held;
  readonly rssBytes: number;
  /** The last value published to `control`; the next is one more. */
  readonly published: number;
}

export interface Ended {
  readonly published: number;
  /** `lagMs` leaves out the time in which the machine was busy with others; `wallLagMs` does not. */
  readonly worst: { readonly lagMs: number; readonly wallLagMs: number; readonly rssBytes: number };
  readonly logLines: readonly string[];
}

export interface BrokerCalls {
  readonly subscribe: number;
  readonly unsubscribe: number;
  readonly publish: number;
  readonly presence: number;
}

/** The questions of the side door and their answers. */
interface Operations {
  begin: { args: undefined; result: Begun };
  end: { args: { since: number; atLeast: number }; result: Ended };
  held: { args: undefined; result: Held };
  memory: { args: undefined; result: number };
  brokerCalls: { args: undefined; result: BrokerCalls };
  publish: { args: { channel: string; count: number; from?: number }; result: undefined };
  addMembers: { args: { channel: string; count: number }; result: undefined };
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export class ServerProcess {
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #lastId = 0;
  #stderr = '';
  #exit: string | undefined;

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    child.on('message', (answer: Answer) => this.#answered(answer));
    child.on('exit', (code, signal) => {
      this.#exit = `exited with ${signal ?? code}: ${this.#stderr}`;
      for (const { reject } of this.#waiting.values()) reject(new Error(`server ${this.#exit}`));
      this.#waiting.clear();
    });
  }

  /** Resolves when the server listens. */
  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess & { readonly port: number }> {
    const config = JSON.stringify({ ...options, secret: tokenSecret });
    const child = fork(fixture, [config], {
      execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const server = new ServerProcess(child);
    // safe: the fixture answers question 0 with its port
    const { port } = (await server.#answer(0)) as { port: number };
    return Object.assign(server, { port });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** What it has written to standard error: warnings of the runtime, a crash. Empty when all is well. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Why it is gone, `undefined` while it lives. */
  get exit(): string | undefined {
    return this.#exit;
  }

  async ask<Name extends keyof Operations>(
    operation: Name,
    ...[args]: Operations[Name]['args'] extends undefined ? [] : [Operations[Name]['args']]
  ): Promise<Operations[Name]['result']> {
    if (this.#exit !== undefined) throw new Error(`server ${this.#exit}`);
    const id = ++this.#lastId;
    const answer = this.#answer(id);
    this.child.send({ id, operation, args });
    // safe: the fixture answers as Operations says
    return (await answer) as Operations[Name]['result'];
  }

  async stop(): Promise<void> {
    if (this.#exit !== undefined) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #answered({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}
