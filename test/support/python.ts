/** Python with the packages of test/python-requirements.txt, for tests with SDKs in that language. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** As scripts/install-system.sh makes it; the copy of the requirements is made when all of them are installed. */
const environment = `${root}.cache/python`;

/** Whether tests with Python have to be left out. Where changes are checked they must run: there it throws. */
export function pythonIsMissing(): boolean {
  if (existsSync(`${environment}/requirements.txt`)) return false;
  const message = `no Python packages in ${environment}: scripts/install-system.sh installs them`;
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message);
  console.warn(`\n*** SKIPPED: tests with Python SDKs: ${message} ***\n`);
  return true;
}

/** A program that one of the packages brings. */
export function pythonProgram(name: string): string {
  return `${environment}/bin/${name}`;
}

/** A script that answers each line of JSON on its standard input with one on its standard output. */
export class PythonScript implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  #stderr = '';

  /** @param path relative to the repository */
  constructor(path: string, env: Readonly<Record<string, string>>) {
    const child = spawn(`${environment}/bin/python`, [`${root}${path}`], {
      env: { PYTHONUNBUFFERED: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // What it could not be told shows in the answer that does not come.
    child.stdin.on('error', () => undefined);
  }

  /** One question at a time. */
  async ask(question: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the script has ended: ${this.#stderr}`);
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.stdin?.end();
    await exited;
    this.#lines.close();
  }
}
