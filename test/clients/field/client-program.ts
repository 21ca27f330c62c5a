/** A program that opens one connection with one client, and what the client has handed out. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What is handed out; `interrupted` and `closing` are steps that only some clients tell. */
export interface ClientEvent {
  readonly event: 'open' | 'message' | 'error' | 'closing' | 'close' | 'interrupted' | 'thrown' | 'ended';
  readonly text?: string;
  readonly bytes?: number;
  /** Calls in which a message came, where it can be several. */
  readonly parts?: number;
  /** Of a message: the name of the event. Of an opening: the subprotocol. */
  readonly type?: string;
  readonly id?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly status?: number;
  readonly retryAfter?: string;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class ClientProgram implements AsyncDisposable {
  readonly events: ClientEvent[] = [];
  /** Anything else that it wrote. */
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onChange: () => void = () => undefined;

  constructor({ program, args, env }: Command, url: string, first = '') {
    const child = spawn(program, [...args, url, first], { env: { ...process.env, ...env }, stdio: 'pipe' });
    this.#child = child;
    this.#ended = Promise.race([once(child, 'close'), once(child, 'error')]);
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      // safe: the programs beside this file write nothing else
      if (line.startsWith('{')) this.events.push(JSON.parse(line) as ClientEvent);
      this.#onChange();
    });
  }

  /** Whether what is waited for has come in time. */
  async sees(isThere: (events: readonly ClientEvent[]) => boolean, timeoutMs: number): Promise<boolean> {
    if (isThere(this.events)) return true;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), timeoutMs);
      const settle = (result: boolean) => {
        clearTimeout(timer);
        this.#onChange = () => undefined;
        resolve(result);
      };
      this.#onChange = () => isThere(this.events) && settle(true);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#ended;
    clearTimeout(kill);
  }
}
