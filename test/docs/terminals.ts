/**
 * Follows a page of the documentation as its reader would: writes the files that it shows, types its `sh` blocks in
 * their order, and compares what is printed with the `text` and `json` blocks behind them.
 *
 * A block with a file's name is that file. A block with another label belongs to a terminal of that name, in which
 * something keeps running: what its `text` blocks show is waited for. In expected output `…` stands for anything within
 * a line. What the page cannot know here is put in its place: ports 8000, 3000, 9000 and 5432 are free ones, and `npx
 * fanfare`, `npm` and Python are those of this repository.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'vitest';
import { command } from '../cli/fanfare-process.js';
import { freePort } from '../support/programs/free-port.js';
import { skipLoudly } from '../support/programs/missing.js';
import { pythonPackages } from '../support/programs/python.js';
import { type Block, blocksOf, readPage, root } from './page.js';

/** What Node 25 and newer say of programs that construct the SDK themselves: it looks whether there is a localStorage. */
const warningOfNode =
  /^\(node:\d+\) ExperimentalWarning: localStorage is not available.*\n\(Use `node --trace-warnings.*\n/m;

/** Whether pages with commands have to be left out. */
export function curlIsMissing(): boolean {
  const isThere = (name: string) =>
    (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)));
  const missing = ['bash', 'curl', 'openssl'].filter((name) => !isThere(name));
  if (missing.length === 0) return false;
  return skipLoudly('commands of the documentation', `not installed: ${missing.join(', ')}`);
}

/** What servers listen on, in the documentation. */
const portsOfPages = ['8000', '3000', '9000', '5432'];

/** Packages that are too large for every clone: `npm run test:frameworks` installs them there. */
export const frameworks = join(root, '.cache/frameworks/node_modules');

export const hasFrameworks = existsSync(frameworks);

/** The pages that need them. */
export const frameworkPages = ['docs/recipes/auth-js.md', 'docs/recipes/nestjs.md'];

/** For a page with many programs, each of which has to start, on a machine with other work. */
export const patienceMs = 180_000;

/** After which something that is waited for does not come any more. */
const deadlineMs = 60_000;

/** A program in a terminal of its own, whose output can be awaited. */
class Terminal {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  output = '';
  #seenUpTo = 0;
  readonly #changed = new Set<() => void>();

  constructor(commands: string, cwd: string, env: NodeJS.ProcessEnv) {
    // A group of its own, so that whatever it has started ends with it.
    this.child = spawn('bash', ['-c', commands], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.notify();
      });
    }
    this.exited = once(this.child, 'close').then(() => this.notify());
  }

  /** What is printed from where the last look ended. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      this.notify();
    }, deadlineMs);
    try {
      return await this.#find(pattern, () => isLate);
    } finally {
      clearTimeout(deadline);
    }
  }

  async #find(pattern: RegExp, isLate: () => boolean): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output.slice(this.#seenUpTo));
      if (found !== null) {
        this.#seenUpTo += found.index + found[0].length;
        return found;
      }
      if (this.child.exitCode !== null || isLate())
        throw new Error(`${isLate() ? 'waits for' : 'ended without'} ${pattern}; it has printed:\n${this.output}`);
      await new Promise<void>((resolve) => this.#changed.add(resolve));
      this.#changed.clear();
    }
  }

  notify(): void {
    for (const resolve of this.#changed) resolve();
  }

  async close(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    // safe: it was spawned
    if (this.child.exitCode === null) process.kill(-(this.child.pid as number), signal);
    await this.exited;
  }
}

/** What is special about following a page here. */
export interface Following {
  /** Labels of blocks that cannot be followed here. */
  readonly leaveOut?: readonly string[];
  /** What the reader does besides, before the commands of a label. */
  readonly before?: Readonly<Record<string, (reader: Reader) => Promise<void>>>;
}

export class Reader implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'fanfare-docs-'));
  readonly #env: NodeJS.ProcessEnv;
  readonly #shell: Terminal;
  readonly #terminals = new Map<string, Terminal>();
  #printed = '';

  private constructor(/** What a port of the page is here. */ readonly ports: ReadonlyMap<string, number>) {
    const bin = join(this.folder, '.bin');
    mkdirSync(bin);
    const script = (name: string, lines: string) =>
      writeFileSync(join(bin, name), `#!/bin/bash\n${lines}\n`, { mode: 0o755 });
    const node = `'${process.execPath}'`;
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    script(
      'npx',
      `case "$1" in vite) program='${vite}';; *) program='${command}';; esac; shift; exec ${node} "$program" "$@"`,
    );
    // What is installed is linked below; `npm start` is `fanfare dev` with a build before it.
    script('npm', `[ "$1" = start ] || exit 0; shift; [ "$1" = -- ] && shift; exec ${node} '${command}' dev "$@"`);
    // Node runs TypeScript itself from 22.18 on.
    const jiti = join(root, 'node_modules/jiti/lib/jiti-cli.mjs');
    script('node', `case "$1" in *.ts) exec ${node} '${jiti}' "$@";; esac; exec ${node} "$@"`);
    script('python3', `exec '${root}.cache/python/bin/python' "$@"`);
    const modules = join(this.folder, 'node_modules');
    for (const scope of ['@hono', '@opentelemetry']) mkdirSync(join(modules, scope), { recursive: true });
    symlinkSync(root, join(modules, 'fanfare'));
    const traced = ['@opentelemetry/api', '@opentelemetry/resources', '@opentelemetry/sdk-trace-node'];
    const moving = ['socket.io', 'socket.io-client', 'vite', 'yjs', 'y-protocols', 'postgres', 'jose'];
    const others = ['zod', 'ws', 'centrifuge', 'express', 'fastify', 'hono', '@hono/node-server'];
    for (const name of [...others, ...moving, ...traced])
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    if (hasFrameworks) {
      for (const name of ['@auth', '@nestjs', 'reflect-metadata', 'rxjs'])
        symlinkSync(join(frameworks, name), join(modules, name));
    }
    const inherited = Object.entries(process.env).filter(([name]) => !/^(FANFARE|NODE_|VITEST|FORCE_COLOR)/.test(name));
    this.#env = {
      ...Object.fromEntries(inherited),
      PATH: `${bin}:${process.env.PATH}`,
      PYTHONPATH: pythonPackages(),
      FANFARE_PORT: `${ports.get('8000')}`,
      NO_COLOR: '1',
    };
    this.#shell = new Terminal(
      'while IFS= read -r -d "" block; do eval "$block" </dev/null; done',
      this.folder,
      this.#env,
    );
  }

  static async start(): Promise<Reader> {
    const ports = portsOfPages.map(async (port): Promise<[string, number]> => [port, await freePort()]);
    return new Reader(new Map(await Promise.all(ports)));
  }

  /** @param path of the page, relative to the repository */
  async follow(path: string, { leaveOut = [], before = {} }: Following = {}): Promise<void> {
    for (const block of blocksOf(readPage(path))) {
      if (leaveOut.includes(block.label)) continue;
      try {
        if (block.language === 'sh') await before[block.label]?.(this);
        await this.#take({ ...block, text: this.#here(block.text) });
      } catch (error) {
        throw new Error(`${path}:${block.line}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  }

  async #take({ language, label, text }: Block): Promise<void> {
    if (label.includes('.')) {
      mkdirSync(dirname(join(this.folder, label)), { recursive: true });
      writeFileSync(join(this.folder, label), text);
    } else if (language === 'sh') {
      if (label === '') this.#printed = await this.#type(text);
      else await this.#open(label, text);
    } else if (language === 'text' || language === 'json') {
      const expected = text.trimEnd();
      if (label === '') this.#compare(expected);
      else await this.#terminal(label).sees(patternOf(expected));
    }
  }

  /** Types into the main terminal, where variables stay set. */
  async #type(text: string): Promise<string> {
    const end = `end of block ${Math.random()}`;
    const { child, output } = this.#shell;
    child.stdin?.write(`${text}\nprintf '%s' '${end}'\0`);
    await this.#shell.sees(new RegExp(end));
    return this.#shell.output.slice(output.length).replace(end, '').trim();
  }

  #compare(expected: string): void {
    const printed = this.#printed.replace(warningOfNode, '');
    if (!new RegExp(`^${patternOf(expected).source}$`).test(printed))
      throw new Error(`the page says\n${expected}\nand it was\n${this.#printed}`);
  }

  /** A terminal that is there already is used again: what runs in it is stopped by Ctrl+C. */
  async #open(label: string, text: string): Promise<void> {
    await this.#terminals.get(label)?.close('SIGINT');
    const variables = await this.#type('declare -p FANFARE API_KEY TOKEN 2>/dev/null');
    this.#terminals.set(label, new Terminal(`${variables}\n${text}`, this.folder, this.#env));
  }

  #terminal(label: string): Terminal {
    const terminal = this.#terminals.get(label);
    if (terminal === undefined) throw new Error(`nothing runs in the terminal "${label}"`);
    return terminal;
  }

  #here(text: string): string {
    return text.replace(new RegExp(`\\b(${portsOfPages.join('|')})\\b`, 'g'), (port) => `${this.ports.get(port)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const terminal of this.#terminals.values()) await terminal.close();
    await this.#shell.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function patternOf(expected: string): RegExp {
  return new RegExp(expected.split('…').map(literal).join('[^\\n]*?'));
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** A test that follows a page from its first command to its last, against servers as the page starts them. */
export function followed(
  title: string,
  page: string,
  { isLeftOut = false, ...following }: Following & { readonly isLeftOut?: boolean } = {},
): void {
  test.skipIf(isLeftOut || curlIsMissing())(title, { timeout: patienceMs }, async () => {
    await using reader = await Reader.start();
    await reader.follow(page, following);
  });
}
