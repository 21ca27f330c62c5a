/** Command lines: help of everything, the version, and wrong ones, which end with 2 and a hint. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { flagName } from '../../src/config/layers.js';
import { optionPaths } from '../../src/config/options.js';
import { fanfare } from './fanfare-process.js';
import { runInProcess } from './in-process.js';

const commands = ['serve', 'dev', 'check', 'spec', 'plan', 'load', 'doctor', 'token', 'publish', 'subscribe'];

describe('help', () => {
  test('lists the commands', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, stdout } = await runInProcess(args);
      expect(code).toBe(0);
      for (const name of commands) expect(stdout).toContain(name);
    }
  });

  test.each(commands)('%s --help explains it, without doing it', async (name) => {
    const { code, stdout } = await runInProcess([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`fanfare ${name}`);
    expect(stdout).toContain('--config');
    expect((await runInProcess(['help', name])).stdout).toBe(stdout);
  });

  test('of serve has every option', async () => {
    const { stdout } = await runInProcess(['serve', '-h']);
    for (const path of optionPaths) expect(stdout).toContain(`--${flagName(path)}`);
  });
});

test('the version is that of the package', async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  for (const flag of ['--version', '-v'])
    expect(manifest).toMatchObject({ version: (await runInProcess([flag])).stdout.trim() });
});

describe('a wrong command line ends with 2 and a hint', () => {
  test.each([
    ['an unknown command', ['serv'], 'serve'],
    ['an unknown flag', ['serve', '--prot', '1'], '--port'],
    ['an unknown flag without a command', ['--anonymos'], '--anonymous'],
    ['an unknown letter', ['serve', '-x'], '-x'],
    ['a flag without its value', ['serve', '--port'], '--port'],
    ['a flag instead of its value', ['serve', '--port', '--host'], '--port'],
    ['a flag that is there twice', ['serve', '--port', '1', '--port', '2'], '--port'],
    ['a value for a negated switch', ['serve', '--no-metrics=1'], '--no-metrics'],
    ['a negated flag that is no switch', ['serve', '--no-port'], '--no-port'],
    ['an argument too many', ['serve', 'here'], 'here'],
    ['an argument too few', ['publish', 'chat:lobby'], '<json'],
    ['a message that is not JSON', ['publish', 'chat:lobby', 'hello'], 'JSON'],
    ['a token for nobody', ['token'], '--user'],
    [
      'a token for a connection and a channel',
      ['token', '--user', '1', '--channel', 'a', '--subscribe', 'b'],
      '--subscribe',
    ],
    ['a time to live without a unit', ['token', '--user', '1', '--ttl', '60'], '--ttl'],
    ['info that is not JSON', ['token', '--user', '1', '--info', '{'], '--info'],
    ['a count of nothing', ['subscribe', 'a', '--count', '0'], '--count'],
    ['an endpoint that is none', ['subscribe', 'a', '--url', 'ftp://localhost'], 'ftp://localhost'],
    ['an endpoint without a scheme', ['subscribe', 'a', '--url', 'localhost'], 'ws://'],
  ])('%s', async (_, args, hint) => {
    const { code, stdout, stderr } = await runInProcess(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(hint);
  });

  test('as a process, too', async () =>
    expect(await fanfare(['serv'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('serve') }));
});
