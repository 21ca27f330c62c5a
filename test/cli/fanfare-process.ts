/** Runs the built `fanfare` command as a child process, in a folder of its own and without the caller's environment. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** An empty folder that goes away with the test. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'fanfare-cli-'));

  /** @param files by name */
  constructor(files: Readonly<Record<string, string | Buffer>> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: string | Buffer, mode = 0o600): string {
    const path = join(this.path, name);
    writeFileSync(path, content, { mode });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface RunOptions {
  /** Working directory. Default: one without a configuration. */
  readonly folder?: Pick<Folder, 'path'>;
  /** The script. Default: that of this repository's build. */
  readonly script?: string;
  /** The program that runs the script, with its own arguments. Default: this Node. */
  readonly runtime?: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command whose lines can be awaited. */
export class FanfareProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<Finished>;
  #stdout = '';
  #stderr = '';
  readonly #changed = new Set<() => void>();

  constructor(
    args: readonly string[],
    { folder, script = command, runtime = [process.execPath], env = {}, input }: RunOptions = {},
  ) {
    if (!existsSync(script)) throw new Error('dist/ is not built: use `npm test`, or run `npm run build` first');
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(FANFARE_|NODE_|VITEST|NO_COLOR|FORCE_COLOR)/.test(name),
    );
    const [program, ...options] = runtime;
    this.child = spawn(program, [...options, script, ...args], {
      cwd: folder?.path ?? tmpdir(),
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: 'pipe',
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#append('stdout', text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#append('stderr', text));
    this.child.stdin?.end(input ?? '');
    this.exited = once(this.child, 'close').then(([code]: (number | null)[]) => {
      this.#notify();
      return { code: code ?? null, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The groups of a pattern, as soon as the output has it; fails when the process ends without. */
  async seen(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this[stream]);
      if (found !== null) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        const { code, stdout, stderr } = await this.exited;
        const last = pattern.exec(this[stream]);
        if (last !== null) return last;
        throw new Error(`ended with ${code} before ${pattern}:\n${stdout}${stderr}`);
      }
      await new Promise<void>((resolve) => this.#changed.add(resolve));
      this.#changed.clear();
    }
  }

  /** Where a server listens: `http://…`. */
  async listening(): Promise<string> {
    return (await this.seen('stdout', /listening on (\S+)/))[1] ?? '';
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  #append(stream: 'stdout' | 'stderr', text: string): void {
    if (stream === 'stdout') this.#stdout += text;
    else this.#stderr += text;
    this.#notify();
  }

  #notify(): void {
    for (const resolve of this.#changed) resolve();
  }
}

/** Runs a command to its end. */
export async function fanfare(args: readonly string[], options?: RunOptions): Promise<Finished> {
  await using running = new FanfareProcess(args, options);
  return await running.exited;
}

/** Good enough as a secret, and found again wherever it should not be. */
export const testSecret = 'kQ7vX2mB9wR4tY6uZ1aS3dF5gH8jL0pN';
