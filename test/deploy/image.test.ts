/**
 * The Dockerfile without a container engine: its stages are folders, its commands run in them, and what it would start
 * is started. What is not the same: the base image, for which this Node stands, the user, and that packages which are
 * installed here already are copied.
 */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';
import { type Instruction, readDockerfile } from './dockerfile.js';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const path = `${root}deploy/docker/Dockerfile`;

/** A stage of the build, as a folder that stands for its root. */
interface Stage {
  readonly root: string;
  workdir: string;
  readonly env: Record<string, string>;
  entrypoint: readonly string[];
  command: readonly string[];
  healthcheck: readonly string[];
}

class Build {
  readonly #stages = new Map<string, Stage>();
  #last: Stage | undefined;

  private constructor(private readonly folder: string) {}

  static async run(instructions: readonly Instruction[], folder: string): Promise<Build> {
    const build = new Build(folder);
    await build.#copyContext();
    for (const instruction of instructions) await build.#take(instruction);
    return build;
  }

  get image(): Stage {
    if (this.#last === undefined) throw new Error('the Dockerfile has no stage');
    return this.#last;
  }

  get #context(): string {
    return join(this.folder, 'context');
  }

  /** What .dockerignore lets through, which is a list of what is needed. */
  async #copyContext(): Promise<void> {
    const [first, ...rest] = (await readFile(`${path}.dockerignore`, 'utf8')).trim().split('\n');
    expect(first).toBe('*');
    for (const line of rest) {
      expect(line).toMatch(/^![\w./-]+$/);
      const name = line.slice(1);
      await cp(root + name, join(this.#context, name), {
        recursive: true,
        filter: (from) => !/node_modules|\/dist$/.test(from.slice(root.length)),
      });
    }
  }

  async #take({ name, words, text }: Instruction): Promise<void> {
    if (name === 'FROM') return this.#begin(words);
    const stage = this.image;
    const inStage = (place: string) =>
      place.startsWith('/') ? stage.root + place : join(stage.root, stage.workdir, place);
    switch (name) {
      case 'WORKDIR':
        stage.workdir = words[0] ?? '';
        await mkdir(stage.root + stage.workdir, { recursive: true });
        return;
      case 'ENV':
        for (const word of words) stage.env[word.split('=')[0] ?? ''] = word.slice(word.indexOf('=') + 1);
        return;
      case 'COPY':
        return this.#copy(words, inStage);
      case 'RUN':
        if (/^npm ci /.test(text)) return this.#install(inStage('.'));
        await execute('sh', ['-c', text], { cwd: inStage('.'), env: environmentOf(stage), maxBuffer: 10_000_000 });
        return;
      case 'ENTRYPOINT':
        stage.entrypoint = JSON.parse(text);
        return;
      case 'CMD':
        stage.command = JSON.parse(text);
        return;
      case 'HEALTHCHECK':
        stage.healthcheck = JSON.parse(text.slice(text.indexOf('[')));
        return;
      case 'USER':
      case 'EXPOSE':
        return;
      default:
        throw new Error(`${name} is not known here`);
    }
  }

  /** The packages of the lockfile are installed here already: what `npm ci` would spend minutes on is copied. */
  async #install(place: string): Promise<void> {
    expect(await readFile(join(place, 'package-lock.json'), 'utf8')).toBe(
      await readFile(`${root}package-lock.json`, 'utf8'),
    );
    // Without the binaries of other runtimes, which are kept among them.
    const copy = 'mkdir node_modules && tar -C "$0" -c --exclude=./.cache . | tar -x -C node_modules';
    await execute('sh', ['-c', copy, await realpath(`${root}node_modules`)], { cwd: place });
  }

  async #begin(words: readonly string[]): Promise<void> {
    const name = words[1]?.toUpperCase() === 'AS' ? (words[2] ?? '') : `stage-${this.#stages.size}`;
    const stage = {
      root: join(this.folder, name),
      workdir: '/',
      env: {},
      entrypoint: [],
      command: [],
      healthcheck: [],
    };
    await mkdir(stage.root);
    this.#stages.set(name, stage);
    this.#last = stage;
  }

  async #copy(words: readonly string[], inStage: (place: string) => string): Promise<void> {
    const [flag = '', ...rest] = words;
    const from = /^--from=(.+)$/.exec(flag)?.[1];
    const places = from === undefined ? words : rest;
    const to = places.at(-1) ?? '';
    const source = from === undefined ? this.#context : this.#stages.get(from)?.root;
    if (source === undefined) throw new Error(`COPY from ${from}: there is no such stage`);
    for (const place of places.slice(0, -1)) {
      const path = join(source, place);
      // A folder's contents are copied, a file by its name.
      const target =
        (await stat(path)).isDirectory() || !to.endsWith('/') ? inStage(to) : join(inStage(to), basename(path));
      await cp(path, target, { recursive: true, verbatimSymlinks: true });
    }
  }
}

function environmentOf({ env }: Stage): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(FANFARE|NODE_|VITEST|npm_)/.test(name));
  // What is downloaded once need not be downloaded again.
  return { ...Object.fromEntries(inherited), npm_config_prefer_offline: 'true', ...env };
}

test.skipIf(pythonIsMissing())('the linter has nothing against the Dockerfile', async () => {
  expect((await execute(pythonProgram('hadolint'), [path])).stdout).toBe('');
});

describe('the image', () => {
  test('is built by its commands, holds what it needs and not more, and what it starts is healthy and stops', {
    timeout: 300_000,
  }, async () => {
    const instructions = readDockerfile(await readFile(path, 'utf8'));
    using folder = new Folder();
    const { image } = await Build.run(instructions, folder.path);
    const app = image.root + image.workdir;
    expect((await readdir(app)).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    const packages = await readdir(`${app}/node_modules`);
    expect(packages).toEqual(expect.arrayContaining(['ws', '@redis', '@nats-io', 'amqplib']));
    for (const development of ['vitest', 'typescript', 'react', 'esbuild']) expect(packages).not.toContain(development);
    expect(instructions.find(({ name }) => name === 'USER')?.words).toEqual(['1000']);
    expect(image.entrypoint[0]).toBe('node');
    await using server = new FanfareProcess([...image.command, '--port', '0'], {
      script: join(app, image.entrypoint[1] ?? ''),
      folder: { path: app },
      env: image.env,
    });
    const { port } = new URL(await server.listening());
    const [program, ...args] = image.healthcheck;
    expect(program).toBe('node');
    const healthOf = async (at: string) => {
      const check = spawn(process.execPath, args, { env: { ...environmentOf(image), FANFARE_PORT: at } });
      return (await once(check, 'exit'))[0];
    };
    expect(await healthOf(port)).toBe(0);
    server.signal('SIGTERM');
    expect((await server.exited).code).toBe(0);
    expect(await healthOf(port)).toBe(1);
  });
});
