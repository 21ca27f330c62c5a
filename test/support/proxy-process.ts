/** A real proxy of Debian's in front of a server of the test: its configuration in a folder of its own, on a free port. */

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A proxy that passes requests on. Disposing of it ends its process and removes its folder. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
}

export interface ProxyProgram {
  readonly name: string;
  readonly path: string;
  /** Makes it stay in the foreground. */
  readonly args: (folder: string) => readonly string[];
}

/** What a test asks of a proxy, whichever it is. */
export interface ProxyOptions {
  /** Of the server behind. */
  readonly upstreamPort: number;
  /** As the proxy is by default, knowing nothing of streams; `false`: as its documentation advises for them. */
  readonly buffering: boolean;
  /** How long either side may be silent. Default: 60. */
  readonly timeoutSec?: number;
  /** Let WebSocket upgrades pass. Default: `true`. */
  readonly websocket?: boolean;
}

const maxAttempts = 5;

/** Whether tests with it have to be left out. Where changes are checked they must run: there it throws. */
export function isMissing({ name, path }: ProxyProgram): boolean {
  if (existsSync(path)) return false;
  const message = `no ${name} at ${path}: scripts/install-system.sh installs it`;
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message);
  console.warn(`\n*** SKIPPED: tests with ${name}: ${message} ***\n`);
  return true;
}

/** Where the proxy says who it is. */
export const identityPath = '/proxy-identity';

/** What a configuration is made for. */
export interface ProxyPlace {
  readonly port: number;
  /** May be written to. */
  readonly folder: string;
  /** The answer to a GET of {@link identityPath}. */
  readonly identity: string;
}

/** Starts it on a free port, which somebody else may be quicker to take: then on another. */
export async function startProxy(
  program: ProxyProgram,
  configure: (place: ProxyPlace) => string,
): Promise<RunningProxy> {
  for (let attempt = 1; ; attempt++) {
    const started = await tryStart(program, configure);
    if ('port' in started) return started;
    if (attempt === maxAttempts) throw new Error(`${program.name} has ended: ${started.output}`);
  }
}

async function tryStart(
  program: ProxyProgram,
  configure: (place: ProxyPlace) => string,
): Promise<RunningProxy | { readonly output: string }> {
  const folder = await mkdtemp(join(tmpdir(), `fanfare-${program.name}-`));
  const port = await freePort();
  const identity = randomUUID();
  await writeFile(join(folder, 'proxy.conf'), configure({ port, folder, identity }));
  const child = spawn(program.path, program.args(folder), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = new Promise<false>((resolve) => child.once('exit', () => resolve(false)));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const over = new AbortController();
  const isReady = await Promise.race([answersAs(`${url}${identityPath}`, identity, over.signal), exited]);
  over.abort();
  if (isReady) return { port, url, [Symbol.asyncDispose]: stop };
  await stop();
  return { output };
}

/** Free a moment ago: neither proxy can be given a port that is open already. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a port was asked for');
  return address.port;
}

/** Resolves with true when it is this very proxy that answers there, with false when nobody asks any more. */
async function answersAs(url: string, identity: string, over: AbortSignal): Promise<boolean> {
  while (!over.aborted) {
    const answer = await fetch(url, { signal: over }).then(
      (response) => response.text(),
      () => undefined,
    );
    if (answer === identity) return true;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
}
