/** Several processes that share a port: starts them, gives them a broker, replaces those that die, stops them all. */

import cluster, { type Worker } from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalBroker } from '../brokers/local/broker.js';
import { LocalBrokerHost } from '../brokers/local/host.js';
import type { Config } from '../config/config.js';
import type { ConfigSources } from '../config/load.js';
import type { Logger } from '../engine/ports/logger.js';
import { createLog } from '../observe/log.js';
import type { ServerAddresses, WorkerParts } from '../server/from-config.js';
import { systemClock, systemRandom } from '../server/system-ports.js';
import { type CommandContext, exitCodes } from './command.js';
import { closeWhatWasHandedTo } from './handed-connections.js';
import { PrimaryFigures } from './primary-figures.js';
import { tellTooLate } from './reload.js';
import { isStopSignal, onStopSignals, type StopSignal } from './stop-signals.js';
import { relayFigures, WorkerFigures } from './worker-figures.js';
import { addressesIn, stopMessage } from './worker-messages.js';
import { type LeveledLogger, WorkersReload } from './workers-reload.js';

interface WorkersRun {
  readonly config: Config;
  /** Read again on SIGHUP. */
  readonly sources: ConfigSources;
  /** Reports where they listen, once all of them do. */
  announce(addresses: ServerAddresses, log: Logger): void;
}

/** The broker's socket for a worker. Not an option, so it does not begin with FANFARE_. */
const socketVariable = 'WORKER_OF_FANFARE_SOCKET';
/** A worker that dies sooner is not replaced at once. */
const shortLifeMs = 10_000;
const firstWaitMs = 500;
const longestWaitMs = 30_000;
/** Workers exit by themselves a second after the deadline. */
const overtimeMs = 3_000;

/** What a worker has to do differently; `undefined` if this process is not one. */
export function workerParts({ env }: CommandContext, config: Config): WorkerParts | undefined {
  const path = env[socketVariable];
  if (!isWorker(env) || path === undefined) return undefined;
  const { values } = config;
  const peers = new WorkerFigures();
  if (values.broker !== 'memory') return { peers };
  return {
    peers,
    broker: ({ log, clock }) =>
      new LocalBroker({
        path,
        clock,
        onLost: () => {
          log.error({}, 'the broker of this machine is gone');
          process.exit(exitCodes.failed);
        },
      }),
  };
}

/** Whether this process is one of several. */
export function isWorker(env: CommandContext['env']): boolean {
  return cluster.isWorker && env[socketVariable] !== undefined;
}

/** @returns the exit code, when all workers are gone */
export async function runWorkers({ config, sources, announce }: WorkersRun): Promise<number> {
  const { values } = config;
  const log = createLog({ level: values['log.level'] });
  // Only this user may enter it.
  const folder = await mkdtemp(join(tmpdir(), 'fanfare-'));
  const path = join(folder, 'broker.sock');
  const host =
    values.broker === 'memory'
      ? new LocalBrokerHost(
          {
            clock: systemClock,
            random: systemRandom,
            maxHistoryBytes: values['memory.maxHistoryBytes'],
            maxMapBytes: values['memory.maxMapBytes'],
          },
          log,
        )
      : undefined;
  try {
    await host?.listen(path);
    cluster.setupPrimary({ exec: process.argv[1] ?? '', args: process.argv.slice(2) });
    const figures = new PrimaryFigures(host && (() => host.holdings));
    const env = { [socketVariable]: path };
    const workers = new Workers({ count: values.workers, env, log, config, sources, figures });
    const code = workers.untilStopped();
    const addresses = await workers.start();
    if (addresses !== undefined) announce(addresses, log);
    return await code;
  } finally {
    await host?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface WorkersOptions {
  readonly count: number;
  readonly env: Readonly<Record<string, string>>;
  readonly log: LeveledLogger;
  readonly config: Config;
  readonly sources: ConfigSources;
  readonly figures: PrimaryFigures;
}

class Workers {
  readonly #workers = new Set<Worker>();
  readonly #waiting = new Set<NodeJS.Timeout>();
  #waitMs = firstWaitMs;
  #hasStarted = false;
  #isStopping = false;
  #code: number = exitCodes.ok;
  #onEmpty: (() => void) | undefined;
  readonly #reload: WorkersReload;

  constructor(private readonly options: WorkersOptions) {
    this.#reload = new WorkersReload({ ...options, workers: this.#workers });
  }

  /** Starts the first one alone, so that errors are reported once. `undefined`: they cannot be started. */
  async start(): Promise<ServerAddresses | undefined> {
    const addresses = await this.#fork();
    if (addresses === undefined) {
      this.#code = exitCodes.failed;
      this.#onEmpty?.();
      return undefined;
    }
    this.#hasStarted = true;
    await Promise.all(Array.from({ length: this.options.count - 1 }, () => this.#fork()));
    return addresses;
  }

  /** Forwards signals, and resolves with the exit code when all workers are gone. */
  untilStopped(): Promise<number> {
    return new Promise((resolve) => {
      let late: NodeJS.Timeout | undefined;
      this.#onEmpty = () => {
        clearTimeout(late);
        resolve(this.#code);
      };
      const stop = (signal: StopSignal) => {
        this.#isStopping = true;
        this.options.log.info({ signal, workers: this.#workers.size }, 'shutting down');
        for (const timer of this.#waiting) clearTimeout(timer);
        for (const worker of this.#workers) if (worker.isConnected()) worker.send(stopMessage);
        if (this.#workers.size === 0) return this.#onEmpty?.();
        late = setTimeout(() => {
          this.options.log.error({}, 'shutdown has missed its deadline');
          this.#code = exitCodes.failed;
          this.#kill('SIGKILL');
        }, this.#reload.config.values['shutdown.deadline'] + overtimeMs);
      };
      onStopSignals(stop, () => this.#kill('SIGKILL'));
      process.on('SIGHUP', () => {
        if (this.#isStopping) tellTooLate(this.options.log);
        else this.#reload.begin();
      });
    });
  }

  #kill(signal: NodeJS.Signals): void {
    for (const worker of this.#workers) worker.process.kill(signal);
  }

  /** Resolves when it listens or has died. */
  #fork(): Promise<ServerAddresses | undefined> {
    const worker = cluster.fork(this.options.env);
    closeWhatWasHandedTo(worker);
    const startedMs = performance.now();
    this.#workers.add(worker);
    return new Promise((resolve) => {
      worker.on('message', (message: unknown) => {
        const addresses = addressesIn(message);
        if (addresses !== undefined) {
          resolve(addresses);
          // It may have been too young to be told.
          if (this.#isStopping) worker.send(stopMessage);
        } else if (!this.#reload.take(worker, message)) {
          relayFigures(worker, message, this.#workers, this.options.figures);
        }
      });
      worker.once('exit', (code, signal) => {
        resolve(undefined);
        this.#workers.delete(worker);
        this.options.figures.ended(worker);
        this.#exited(worker, performance.now() - startedMs, { code, signal });
      });
    });
  }

  #exited(worker: Worker, lifeMs: number, how: { readonly code: number | null; readonly signal: string | null }): void {
    if (this.#isStopping || !this.#hasStarted) {
      // A signal to the whole group ends one that is too young to ignore it.
      const isStopped = how.code === 0 || (this.#isStopping && isStopSignal(how.signal));
      if (!isStopped) this.#code = exitCodes.failed;
      if (this.#isStopping && this.#workers.size === 0) this.#onEmpty?.();
      return;
    }
    this.#waitMs = lifeMs < shortLifeMs ? Math.min(longestWaitMs, this.#waitMs * 2) : firstWaitMs;
    const waitMs = lifeMs < shortLifeMs ? this.#waitMs : 0;
    this.options.log.error({ worker: worker.process.pid, ...how, waitMs }, 'a worker has died and is replaced');
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      void this.#fork();
    }, waitMs);
    this.#waiting.add(timer);
  }
}
