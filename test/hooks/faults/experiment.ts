/** Connected clients and a storm of newcomers, while the backend of the connect hook is killed, hung and slow. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { FanfareProcess, Folder, testSecret } from '../../cli/fanfare-process.js';
import { type Attempt, Storm } from './storm.js';

export interface Size {
  readonly clients: number;
  readonly publicationsPerSec: number;
  readonly connectsPerSec: number;
  /** Of each phase with a bad backend. */
  readonly faultSec: number;
  /** Of each phase with a good one. */
  readonly healthySec: number;
}

/** What happened between two questions to the fleet. */
export interface Phase {
  readonly name: string;
  readonly isHealthy: boolean;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** From its begin to its end. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Outcome {
  readonly phases: readonly Phase[];
  readonly attempts: readonly Attempt[];
  readonly published: number;
  readonly received: number;
  readonly closed: number;
  readonly refused: number;
  readonly logLines: readonly string[];
}

interface FleetReport {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly published: number;
  readonly received: number;
  readonly closed: number;
  readonly refused: number;
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function firstMessage(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  return message;
}

/** Answers after this long: slower than the time-out, and slow enough to be fewer than the newcomers. */
const tooSlowMs = 3_000;
const slowMs = 700;

class Backend implements AsyncDisposable {
  #child: ChildProcess | undefined;
  port = 0;

  async start(): Promise<void> {
    this.#child = fork(script('./backend.mjs'), [String(this.port)]);
    this.port = Number(await firstMessage(this.#child));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  wake(): void {
    this.#child?.kill('SIGCONT');
  }

  delay(ms: number): void {
    this.#child?.send(ms);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

class Fleet implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(endpoint: string, token: string, { clients, publicationsPerSec }: Size) {
    this.#child = fork(script('./fleet.mjs'), [endpoint, token, String(clients), String(publicationsPerSec)]);
  }

  async ready(): Promise<void> {
    await firstMessage(this.#child);
  }

  async report(question: 'window' | 'stop' = 'window'): Promise<FleetReport> {
    const answer = firstMessage(this.#child);
    this.#child.send(question);
    // safe: fleet.mjs answers so
    return (await answer) as FleetReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

export async function runExperiment(size: Size): Promise<Outcome> {
  await using backend = new Backend();
  await backend.start();
  using folder = new Folder({ 'fanfare.json': configuration(backend.port) });
  await using server = new FanfareProcess(['--port', '0'], { folder });
  const port = Number(new URL(await server.listening()).port);
  const token = await new SignJWT({ sub: 'live' })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(testSecret));
  await using fleet = new Fleet(`ws://127.0.0.1:${port}/connection/websocket`, token, size);
  await fleet.ready();
  const storm = new Storm(port, size.connectsPerSec);
  const phases: Phase[] = [];

  const phase = async (name: string, isHealthy: boolean, begin: () => unknown) => {
    await fleet.report();
    await begin();
    const fromMs = performance.now();
    await delay((isHealthy ? size.healthySec : size.faultSec) * 1_000);
    const toMs = performance.now();
    const { p50Ms, p99Ms, maxMs } = await fleet.report();
    phases.push({ name, isHealthy, p50Ms, p99Ms, maxMs, fromMs, toMs });
  };
  // What is compiled in the first seconds is not measured.
  await delay(2_000);
  await phase('healthy', true, () => {});
  await phase('killed', false, () => backend.kill());
  await phase('back from the dead', true, () => backend.start());
  await phase('hung', false, () => backend.hang());
  await phase('woken', true, () => backend.wake());
  await phase('slower than the time-out', false, () => backend.delay(tooSlowMs));
  await phase('quick', true, () => backend.delay(0));
  await phase('slower than newcomers come', false, () => backend.delay(slowMs));
  await phase('quick again', true, () => backend.delay(0));
  await storm.stop();
  await fleet.report('stop');
  // The last ones are still on their way.
  await delay(500);
  const { published, received, closed, refused } = await fleet.report();
  const logLines = server.stderr.split('\n').filter((line) => line !== '');
  return { phases, attempts: storm.attempts, published, received, closed, refused, logLines };
}

function configuration(backendPort: number): string {
  return JSON.stringify({
    token: { secret: testSecret },
    hooks: { connect: `http://127.0.0.1:${backendPort}/connect` },
    channels: { live: { subscribe: 'user', publish: 'user' } },
    log: { level: 'warn' },
  });
}
