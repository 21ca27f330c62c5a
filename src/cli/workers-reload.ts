/** SIGHUP with several workers: one process reads the files, and all workers apply them or none does. */

import type { Worker } from 'node:cluster';
import { type ConfigChanges, changesOf } from '../config/changes.js';
import type { Config } from '../config/config.js';
import type { ConfigSources } from '../config/load.js';
import type { Logger } from '../engine/ports/logger.js';
import type { ConfiguredServer } from '../server/from-config.js';
import { problemOf, readAgain, tellFailed, tellReloaded } from './reload.js';
import { ReloadTurns } from './reload-turns.js';
import { type ConfigAnswer, type ConfigOrder, configAnswerIn, configOrderIn } from './worker-messages.js';

/** If a worker has not answered by then, none gets the new configuration. */
const answerLimitMs = 10_000;

/** A log whose level can be set. */
export type LeveledLogger = Logger & { level: string };

interface WorkersReloadParts {
  readonly config: Config;
  readonly sources: ConfigSources;
  readonly log: LeveledLogger;
  /** Workers that are alive. */
  readonly workers: ReadonlySet<Worker>;
}

/** In the process that started them. */
export class WorkersReload {
  readonly #turns = new ReloadTurns(() => this.#reload());
  #config: Config;
  /** Workers that have the configuration; others ask for it when they start. */
  readonly #told = new WeakSet<Worker>();
  #lastId = 0;
  #onPrepared: ((worker: Worker, problem: string | undefined) => void) | undefined;

  constructor(private readonly parts: WorkersReloadParts) {
    this.#config = parts.config;
  }

  /** In force in all workers. */
  get config(): Config {
    return this.#config;
  }

  begin(): void {
    this.#turns.begin();
  }

  /** Handles a worker's message if it is about the configuration. */
  take(worker: Worker, message: unknown): boolean {
    const answer = configAnswerIn(message);
    if (answer === undefined) return false;
    if (answer.kind === 'config-wanted') {
      this.#told.add(worker);
      order(worker, { kind: 'config', config: this.#config });
    } else if (answer.id === this.#lastId) this.#onPrepared?.(worker, answer.problem);
    return true;
  }

  async #reload(): Promise<void> {
    const { sources, log, workers } = this.parts;
    const outcome = await readAgain(sources, this.#config);
    const problems = outcome.ok ? await this.#prepare(outcome.config) : outcome.problems;
    if (!outcome.ok || problems.length > 0) {
      for (const worker of [...workers].slice(0, 1)) order(worker, { kind: 'config-outcome', outcome: 'failed' });
      tellFailed(log, problems);
      return;
    }
    const { config } = outcome;
    const changes: ConfigChanges = changesOf(this.parts.config, this.#config, config);
    // Workers that start from now on get it, and workers that have started meanwhile are sent it like all others.
    this.#config = config;
    for (const worker of workers) order(worker, { kind: 'config-apply', id: this.#lastId, config });
    for (const worker of [...workers].slice(0, 1)) order(worker, { kind: 'config-outcome', outcome: 'ok' });
    log.level = config.values['log.level'];
    tellReloaded(log, config, changes);
  }

  /** The problems that the first worker finds. Workers that die are not awaited. */
  #prepare(config: Config): Promise<readonly string[]> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const waiting = new Set([...this.parts.workers].filter((worker) => this.#told.has(worker)));
      const finish = (problems: readonly string[]) => {
        clearTimeout(late);
        this.#onPrepared = undefined;
        for (const [worker, gone] of watched) worker.off('exit', gone);
        resolve(problems);
      };
      const answered = (worker: Worker, problem: string | undefined) => {
        waiting.delete(worker);
        if (problem !== undefined) finish([problem]);
        else if (waiting.size === 0) finish([]);
      };
      const late = setTimeout(() => {
        const pids = [...waiting].map((worker) => worker.process.pid).join(', ');
        finish([`a worker does not answer (process ${pids})`]);
      }, answerLimitMs);
      const watched = [...waiting].map((worker) => [worker, () => answered(worker, undefined)] as const);
      this.#onPrepared = answered;
      for (const [worker, gone] of watched) {
        worker.once('exit', gone);
        order(worker, { kind: 'config-prepare', id, config });
      }
      if (waiting.size === 0) finish([]);
    });
  }
}

function order(worker: Worker, message: ConfigOrder): void {
  if (worker.isConnected()) worker.send(message);
}

/** In a worker. @param onDone called when a new configuration has been applied */
export function reloadAsTold(server: ConfiguredServer, onDone: () => void): void {
  // A terminal that hangs up signals the whole group.
  process.on('SIGHUP', () => undefined);
  let prepared: { readonly id: number; readonly commit: () => unknown } | undefined;
  process.on('message', (message: unknown) => {
    const told = configOrderIn(message);
    switch (told?.kind) {
      case 'config-prepare':
        prepared = undefined;
        try {
          prepared = { id: told.id, commit: server.prepare(told.config) };
          answer({ kind: 'config-prepared', id: told.id });
        } catch (error) {
          answer({ kind: 'config-prepared', id: told.id, problem: problemOf(error) });
        }
        break;
      case 'config-apply':
        if (prepared?.id === told.id) prepared.commit();
        else server.prepare(told.config)();
        prepared = undefined;
        onDone();
        break;
      case 'config-outcome':
        server.noteReload(told.outcome);
        break;
      default:
    }
  });
}

function answer(message: ConfigAnswer): void {
  if (process.connected) process.send?.(message);
}
