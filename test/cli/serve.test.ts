/** `fanfare serve` as a process: listening, reload (B113), graceful shutdown, and what it says when it cannot run. */

import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Centrifuge } from 'centrifuge';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { portOf } from '../support/servers/served.js';
import { signed } from '../support/servers/signed.js';
import { FanfareProcess, Folder, fanfare, testSecret } from './fanfare-process.js';
import { connected, endpoint, handshakeStatus } from './handshake.js';
import { reloaded } from './reloaded.js';

const secondSecret = 'zY8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE';

const tokenOf = (secret: string) => signed(secret, { sub: '42', expiresInSec: 3_600 });

/** Connects and resolves with the outcome: `connected`, or the code of the disconnect. */
async function connectWith(url: string, token: string): Promise<string | number> {
  const client = new Centrifuge(endpoint(url), { websocket: WebSocket, token });
  const outcome = await new Promise<string | number>((resolve) => {
    client.on('connected', () => resolve('connected'));
    client.on('disconnected', ({ code }) => resolve(code));
    client.connect();
  });
  client.disconnect();
  return outcome;
}

test('lets nobody in without a configuration, and says so', async () => {
  await using server = new FanfareProcess(['serve', '--port', '0']);
  const url = await server.listening();
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  await server.seen('stderr', /nobody gets in/);
  const client = new Centrifuge(endpoint(url), { websocket: WebSocket });
  const disconnected = new Promise<{ code: number }>((resolve) => client.on('disconnected', resolve));
  client.connect();
  expect((await disconnected).code).toBe(3507);
});

test('serves health and metrics on an internal port, without clients', async () => {
  await using server = new FanfareProcess(['--port', '0', '--internal-port', '0']);
  await server.listening();
  const [, internal = ''] = await server.seen('stdout', /metrics on (\S+)/);
  expect(await (await fetch(`${internal}/metrics`)).text()).toContain('fanfare_');
  expect((await fetch(`${internal}/health/live`)).status).toBe(200);
  expect(await handshakeStatus(internal, {})).toBe(404);
});

test('takes the configuration from a TypeScript file, with types stripped and the package imported', async () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, 'node_modules'));
  symlinkSync(
    fileURLToPath(new URL('../..', import.meta.url)),
    join(folder.path, 'node_modules', 'fanfare'),
    'junction',
  );
  folder.write(
    'fanfare.config.ts',
    `import { defineConfig, type FanfareConfig } from 'fanfare';
     const channels: FanfareConfig['channels'] = { 'chat:{room}': { subscribe: 'anyone', publish: 'anyone' } };
     export default defineConfig({ port: 0 as number, anonymous: true, channels });`,
  );
  await using server = new FanfareProcess([], { folder });
  const env = { FANFARE_URL: endpoint(await server.listening()) };
  expect((await fanfare(['publish', 'chat:lobby', '1'], { env })).code).toBe(0);
});

test('flags win over the environment, the environment over the file, the file over the default', async () => {
  using folder = new Folder();
  folder.write('fanfare.yaml', 'limits: { commandBurst: 1, commandsPerSec: 1, maxPendingCommands: 1 }');
  const env = { FANFARE_LIMITS_COMMAND_BURST: '2', FANFARE_LIMITS_COMMANDS_PER_SEC: '2' };
  const { stdout } = await fanfare(['check', '--limits-command-burst', '3'], { folder, env });
  expect(stdout).toMatch(/^limits\.commandBurst +3 +--limits-command-burst$/m);
  expect(stdout).toMatch(/^limits\.commandsPerSec +2 +FANFARE_LIMITS_COMMANDS_PER_SEC$/m);
  expect(stdout).toMatch(/^limits\.maxPendingCommands +1 +fanfare\.yaml$/m);
  expect(stdout).toMatch(/^limits\.pingInterval +25s +default$/m);
});

test('names the flag when the port is taken', async () => {
  const port = await portOf(createServer());
  const { code, stderr } = await fanfare(['serve', '--port', `${port}`]);
  expect(code).toBe(1);
  expect(stderr).toContain(`port ${port} is taken`);
  expect(stderr).toContain('--port');
});

describe('SIGHUP', () => {
  test('B113 a broken file changes nothing: one error, the old configuration serves on', async () => {
    using folder = new Folder();
    folder.write('fanfare.yaml', `origins: [https://old.example.com]\ntoken: { secret: ${testSecret} }`);
    await using server = new FanfareProcess(['--port', '0'], { folder });
    const url = await server.listening();
    folder.write('fanfare.yaml', `origins: [https://new.example.com]\ntoken: { secret: ${secondSecret} }\nprot: 1`);
    server.signal('SIGHUP');
    await server.seen('stderr', /reload failed/);
    expect(await handshakeStatus(url, { Origin: 'https://old.example.com' })).toBe(101);
    expect(await handshakeStatus(url, { Origin: 'https://new.example.com' })).toBe(403);
    expect(await connectWith(url, await tokenOf(testSecret))).toBe('connected');
    expect(await connectWith(url, await tokenOf(secondSecret))).toBe(3500);
    server.signal('SIGTERM');
    const { code, stderr } = await server.exited;
    expect(code).toBe(0);
    const errors = stderr.split('\n').filter((line) => line.includes('"level":50'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('prot');
    expect(stderr).not.toContain(secondSecret);
  });

  test('a good file takes effect: origins, secrets and log level at once, the rest is named', async () => {
    using folder = new Folder();
    folder.write('fanfare.yaml', `origins: [https://old.example.com]\ntoken: { secret: ${testSecret} }`);
    await using server = new FanfareProcess(['--port', '0'], { folder });
    const url = await server.listening();
    folder.write(
      'fanfare.yaml',
      `origins: [https://new.example.com]\ntoken: { secret: [${secondSecret}, ${testSecret}] }\nlimits: { pollGrace: 20s }`,
    );
    server.signal('SIGHUP');
    const line = await reloaded(server);
    expect(line.needRestart).toEqual(['limits.pollGrace']);
    expect(line.changed).toEqual(['origins', 'token.secret', 'limits.pollGrace']);
    expect(server.stderr).not.toContain(secondSecret);
    expect(await handshakeStatus(url, { Origin: 'https://old.example.com' })).toBe(403);
    expect(await handshakeStatus(url, { Origin: 'https://new.example.com' })).toBe(101);
    expect(await connectWith(url, await tokenOf(testSecret))).toBe('connected');
    expect(await connectWith(url, await tokenOf(secondSecret))).toBe('connected');
  });
});

describe('SIGTERM and SIGINT', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: clients get 3001 and the process ends with 0', async (signal) => {
    await using server = new FanfareProcess(['--port', '0', '--anonymous', '--shutdown-deadline', '5s']);
    const url = await server.listening();
    const socket = await connected(url);
    const closed = once(socket, 'close');
    server.signal(signal);
    const [code, reason] = await closed;
    expect({ code, reason: String(reason) }).toEqual({ code: 3001, reason: 'shutdown' });
    expect((await server.exited).code).toBe(0);
  });

  test('the deadline holds against a client that never answers', async () => {
    await using server = new FanfareProcess(['--port', '0', '--anonymous', '--shutdown-deadline', '500ms']);
    const url = await server.listening();
    const socket = await connected(url);
    socket.pause();
    const startMs = performance.now();
    server.signal('SIGTERM');
    expect((await server.exited).code).toBe(0);
    // Much sooner than without a deadline of its own.
    expect(performance.now() - startMs).toBeLessThan(8_000);
    socket.terminate();
  });

  test('two SIGINT of one key press, as npm passes them on, are one', async () => {
    await using server = new FanfareProcess(['--port', '0', '--anonymous', '--shutdown-deadline', '500ms']);
    const url = await server.listening();
    const socket = await connected(url);
    socket.pause();
    server.signal('SIGINT');
    await server.seen('stdout', /shutting down/);
    server.signal('SIGINT');
    expect((await server.exited).code).toBe(0);
    socket.terminate();
  });

  test('a second signal ends it at once, with the code of the signal', async () => {
    await using server = new FanfareProcess(['--port', '0', '--anonymous', '--shutdown-deadline', '1m']);
    const url = await server.listening();
    const socket = await connected(url);
    socket.pause();
    server.signal('SIGTERM');
    await server.seen('stdout', /shutting down/);
    server.signal('SIGTERM');
    expect((await server.exited).code).toBe(143);
    socket.terminate();
  });
});
