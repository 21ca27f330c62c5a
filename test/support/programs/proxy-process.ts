/** A real proxy of Debian's in front of a server of the test: its configuration in a folder of its own, on a free port. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { skipLoudly } from './missing.js';

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
/** A program that starts does not tell when it is ready; asking it costs it little. */
const pollMs = 20;

/** Whether tests with it have to be left out. */
export function isMissing({ name, path }: Pick<ProxyProgram, 'name' | 'path'>): boolean {
  if (existsSync(path)) return false;
  return skipLoudly(`tests with ${name}`, `no ${name} at ${path}: scripts/install-system.sh installs it`);
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

/** A proxy for tests, which writes its configuration itself. */
export interface TestProxy {
  /** See {@link isMissing}. */
  isMissing(): boolean;
  start(options: ProxyOptions): Promise<RunningProxy>;
}

export function proxyOf(
  program: ProxyProgram,
  configuration: (place: ProxyPlace, options: ProxyOptions) => string,
): TestProxy {
  return {
    isMissing: () => isMissing(program),
    start: (options) => startProxy(program, (place) => configuration(place, options)),
  };
}

/** Starts it on a free port. */
function startProxy(program: ProxyProgram, configure: (place: ProxyPlace) => string): Promise<RunningProxy> {
  return untilStarted(async () => {
    const folder = await mkdtemp(join(tmpdir(), `fanfare-${program.name}-`));
    const port = await freePort();
    const identity = randomUUID();
    await writeFile(join(folder, 'proxy.conf'), configure({ port, folder, identity }));
    const url = `http://127.0.0.1:${port}`;
    const running = await run(program.path, program.args(folder), {
      folder,
      killWith: 'SIGKILL',
      isReady: (over) =>
        fetch(`${url}${identityPath}`, { signal: over }).then(async (response) => (await response.text()) === identity),
    });
    return running.isReady ? { ...running, port, url } : running;
  });
}

/** Others may be quicker to take the free ports that were found for a program: then it ends, and is started again. */
export async function untilStarted<Running>(
  start: () => Promise<Running | FailedProcess>,
): Promise<Exclude<Running, FailedProcess>> {
  for (let attempt = 1; ; attempt++) {
    const started = await start();
    // safe: what has failed is not ready
    if (!isFailed(started)) return started as Exclude<Running, FailedProcess>;
    if (attempt === maxAttempts) throw new Error(`it has ended: ${started.output}`);
  }
}

function isFailed(started: unknown): started is FailedProcess {
  return typeof started === 'object' && started !== null && 'isReady' in started && started.isReady === false;
}

/** It ended before it answered. */
interface FailedProcess {
  readonly isReady: false;
  readonly output: string;
}

export interface ProxyProcess extends AsyncDisposable {
  readonly isReady: true;
  readonly child: ChildProcess;
  /** Everything that it has written so far. */
  output(): string;
}

interface RunOptions {
  /** Removed in the end. */
  readonly folder: string;
  /** A master process has to end its workers: SIGTERM. */
  readonly killWith: NodeJS.Signals;
  /** Resolves with true when it is this very process that answers; rejects while nobody does. */
  readonly isReady: (over: AbortSignal) => Promise<boolean>;
}

export async function run(
  path: string,
  args: readonly string[],
  { folder, killWith, isReady }: RunOptions,
): Promise<ProxyProcess | FailedProcess> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = new Promise<false>((resolve) => child.once('exit', () => resolve(false)));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill(killWith);
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const over = new AbortController();
  const isUp = await Promise.race([untilReady(isReady, over.signal), exited]);
  over.abort();
  if (isUp) return { isReady: true, child, output: () => output, [Symbol.asyncDispose]: stop };
  await stop();
  return { isReady: false, output };
}

/** Resolves with true when it is ready, with false when nobody asks any more. */
async function untilReady(isReady: RunOptions['isReady'], over: AbortSignal): Promise<boolean> {
  while (!over.aborted) {
    // Whatever goes wrong means: not yet.
    if (await isReady(over).catch(() => false)) return true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return false;
}
