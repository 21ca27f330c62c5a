/** SIGHUP: reads the configuration again and puts it into force as a whole, or says why not. */

import { type Config, type ConfigSources, loadConfig } from '../config/load.js';
import { type ConfigProblem, formatProblem } from '../config/problem.js';
import type { Logger } from '../engine/logger.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ConfiguredServer } from '../server/from-config.js';

export class Reload {
  readonly #server: ConfiguredServer;
  readonly #sources: ConfigSources;
  readonly #onDone: () => void;
  /** `again`: the signal has come once more since the files were read. */
  #state: 'idle' | 'reading' | 'again' = 'idle';

  /** @param onDone called after each, whatever came of it */
  constructor(server: ConfiguredServer, sources: ConfigSources, onDone: () => void) {
    this.#server = server;
    this.#sources = sources;
    this.#onDone = onDone;
  }

  /** One at a time; signals that come meanwhile are one more. */
  begin(): void {
    if (this.#server.app.isClosing) {
      this.#server.log.info({}, 'not reloaded: the server is shutting down');
      return;
    }
    if (this.#state === 'idle') void this.#run();
    else this.#state = 'again';
  }

  async #run(): Promise<void> {
    do {
      this.#state = 'reading';
      await this.#reload();
      this.#onDone();
    } while (this.#isWantedAgain());
    this.#state = 'idle';
  }

  #isWantedAgain(): boolean {
    return this.#state === 'again';
  }

  async #reload(): Promise<void> {
    const { log } = this.#server;
    const outcome = await readAgain(this.#sources, this.#server.config);
    if (!outcome.ok) {
      this.#server.noteReload('failed');
      log.error({ problems: outcome.problems }, 'reload failed; the old configuration stays');
      return;
    }
    try {
      const changes = this.#server.reload(outcome.config);
      this.#server.noteReload('ok');
      tellReloaded(log, outcome.config, changes);
    } catch (error) {
      if (!(error instanceof FanfareError)) throw error;
      this.#server.noteReload('failed');
      log.error({ problems: [error.message] }, 'reload failed; the old configuration stays');
    }
  }
}

/** What is wrong, in words. */
export type ReadOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A file that was there and is gone is a slip: nobody would mean to shut everybody out by it. */
export async function readAgain(sources: ConfigSources, inForce: Config): Promise<ReadOutcome> {
  const outcome = await loadConfig(sources);
  const problems: ConfigProblem[] = outcome.ok ? [] : [...outcome.problems];
  if (outcome.ok && inForce.path !== undefined && outcome.config.path === undefined) {
    problems.push({
      key: '',
      where: inForce.path,
      message: 'is gone; put it back, or restart to go on without a file',
    });
  }
  if (outcome.ok && problems.length === 0) return outcome;
  return { ok: false, problems: problems.map(formatProblem) };
}

/** One line, with the names of options and never what they are. */
export function tellReloaded(
  log: Logger,
  { path, warnings }: Config,
  { changed, needRestart }: { readonly changed: readonly string[]; readonly needRestart: readonly string[] },
): void {
  for (const warning of warnings) log.warn({}, warning);
  const fields = { path, changed, ...(needRestart.length > 0 && { needRestart }) };
  if (needRestart.length === 0) log.info(fields, 'configuration reloaded');
  else log.warn(fields, 'configuration reloaded; what needRestart names is in force after a restart only');
}
