/** `npm create fanfare`: projects type-check, their pages bundle, and the tests of some run, as their makers would run them. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readArguments } from '../../create-fanfare/src/arguments.js';
import { brokers, hosts, kinds } from '../../create-fanfare/src/choices.js';
import { writeProject } from '../../create-fanfare/src/write-project.js';
import { versions } from '../../create-fanfare/src/written-files.js';
import { root } from '../docs/page.js';

const run = promisify(execFile);
const program = join(root, 'create-fanfare/index.js');
let folder: string;

const combinations = kinds.flatMap((kind) =>
  hosts.flatMap((host) => brokers.map((broker) => ({ kind, host, broker, name: `${kind}-${host}-${broker}` }))),
);
/** Only its own file knows the broker, and only the application knows that file: each kind and each host has both here. */
const checked = combinations.filter(
  ({ kind, host, broker }) => (kinds.indexOf(kind) + hosts.indexOf(host)) % 2 === brokers.indexOf(broker),
);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfare-create-'));
  const modules = join(folder, 'node_modules');
  for (const scope of ['@hono', '@redis']) mkdirSync(join(modules, scope), { recursive: true });
  symlinkSync(root, join(modules, 'fanfare'));
  const own = Object.keys(versions).filter((name) => !name.startsWith('@types/') && name !== 'next');
  for (const name of [...own, '@types']) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const { name, ...choices } of combinations) writeProject({ folder: join(folder, name), ...choices });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function projectOf(name: string): string {
  return join(folder, name);
}

test(`${checked.length} of ${combinations.length} combinations, which have all that differs, type-check`, {
  timeout: 180_000,
}, () => {
  const configPath = join(projectOf('chat-next-memory'), 'tsconfig.json');
  const { config, error } = ts.readConfigFile(configPath, ts.sys.readFile);
  expect(error).toBeUndefined();
  const { include, ...settings } = config;
  // One program for all: what they have in common, the types of Fanfare above all, is read once.
  const patterns = checked.flatMap(({ name }) => include.map((one: string) => `${name}/${one}`));
  const parsed = ts.parseJsonConfigFileContent({ ...settings, include: patterns }, ts.sys, folder);
  expect(parsed.fileNames.length).toBeGreaterThan(checked.length * 6);
  const compiled = ts.createProgram(parsed.fileNames, parsed.options);
  const problems = ts.getPreEmitDiagnostics(compiled).map(({ file, messageText }) => {
    return `${file?.fileName.slice(folder.length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  expect(problems).toEqual([]);
});

test.each(kinds)('the page of a %s bundles', async (kind) => {
  const outfile = join(projectOf(`${kind}-server-memory`), 'public/main.js');
  await build({
    entryPoints: [join(projectOf(`${kind}-server-memory`), 'page/main.ts')],
    bundle: true,
    format: 'esm',
    minify: true,
    outfile,
    logLevel: 'silent',
  });
  // The types of the server come along, and nothing else of it.
  expect(readFileSync(outfile, 'utf8')).not.toMatch(/["'`]node:|ZodObject/);
});

test.each([
  ['chat', 'express'],
  ['dashboard', 'server'],
  ['game', 'fastify'],
  ['chat', 'hono'],
] as const)('the test of %s beside %s runs', { timeout: 60_000 }, async (kind, host) => {
  const jiti = join(root, 'node_modules/jiti/lib/jiti-cli.mjs');
  const flags = 'WebSocket' in globalThis ? [] : ['--experimental-websocket'];
  const { stdout } = await run(process.execPath, [...flags, jiti, 'test/app.test.ts'], {
    cwd: projectOf(`${kind}-${host}-redis`),
    env: { PATH: process.env.PATH },
  });
  expect(stdout).toMatch(/pass 1\b/);
  expect(stdout).toMatch(/fail 0\b/);
});

test('versions are those that are tested here', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const known = Object.entries(versions).filter(([name]) => name in devDependencies && name !== '@types/node');
  expect(known.length).toBeGreaterThan(10);
  for (const [name, version] of known) expect(`${name}@${version}`).toBe(`${name}@^${devDependencies[name]}`);
  const own = JSON.parse(readFileSync(join(root, 'create-fanfare/package.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(own.version).toBe(version);
});

test('Redis is there where it was asked for, and only there', () => {
  for (const broker of brokers) {
    const project = projectOf(`game-hono-${broker}`);
    const compose = parse(readFileSync(join(project, 'compose.yaml'), 'utf8'));
    const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    expect('redis' in compose.services).toBe(broker === 'redis');
    expect('REDIS_URL' in compose.services.server.environment).toBe(broker === 'redis');
    expect('@redis/client' in dependencies).toBe(broker === 'redis');
  }
});

describe('the command', () => {
  const create = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8', input: '' });

  test('writes a project, with the Fanfare that it is told', () => {
    const { status, stdout } = create(
      'My Game',
      '--kind',
      'game',
      '--host',
      'fastify',
      '--redis',
      '--fanfare',
      '1.2.3',
    );
    expect(status).toBe(0);
    expect(stdout).toContain('npm install');
    const manifest = JSON.parse(readFileSync(join(folder, 'My Game/package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'my-game', dependencies: { fanfare: '1.2.3', fastify: versions.fastify } });
    expect(readFileSync(join(folder, 'My Game/.gitignore'), 'utf8')).toContain('node_modules');
  });

  test('asks nobody with --yes, and says what is missing where nobody can be asked', () => {
    expect(create('defaults', '--yes').status).toBe(0);
    const asked = create('asked', '--kind', 'chat');
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain('--host');
  });

  test.each([
    [['x', '--kind', 'forum']],
    [['x', '--koind', 'chat']],
    [['x', 'y', '--yes']],
    [['x', '--redis', '--broker', 'memory', '--yes']],
  ])('refuses %j', (args) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });

  test('ends with 2 for a wrong command line, and with 1 for a folder that is not empty', () => {
    expect(create('x', '--kind', 'forum')).toMatchObject({ status: 2, stderr: expect.stringContaining('ERR_USAGE') });
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full/file'), '');
    expect(create('full', '--yes')).toMatchObject({ status: 1, stderr: expect.stringContaining('ERR_FOLDER') });
  });
});
