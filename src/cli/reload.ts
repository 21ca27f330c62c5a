/** SIGHUP: reads the configuration again and puts it into force as a whole, or says why not. */

import type { Config } from '../config/config.js';
import { type ConfigSources, loadConfig } from '../config/load.js';
import { type ConfigProblem, formatProblem } from '../config/problem.js';
import type { Logger } from '../engine/ports/logger.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ConfiguredServer } from '../server/from-config.js';
import { ReloadTurns } from './reload-turns.js';

/** @param onDone called after each attempt, whatever came of it */
export function reloadOnSignal(server: ConfiguredServer, sources: ConfigSources, onDone: () => void): void {
  const turns = new ReloadTurns(async () => {
    await reload(server, sources);
    onDone();
  });
  process.on('SIGHUP', () => {
    if (server.app.isClosing) tellTooLate(server.log);
    else turns.begin();
  });
}

async function reload(server: ConfiguredServer, sources: ConfigSources): Promise<void> {
  const outcome = await readAgain(sources, server.config);
  if (!outcome.ok) {
    server.noteReload('failed');
    tellFailed(server.log, outcome.problems);
    return;
  }
  try {
    const changes = server.prepare(outcome.config)();
    server.noteReload('ok');
    tellReloaded(server.log, outcome.config, changes);
  } catch (error) {
    server.noteReload('failed');
    tellFailed(server.log, [problemOf(error)]);
  }
}

/** What does not fit what is running; everything else is broken code, which leaves the old configuration in force too. */
export function problemOf(error: unknown): string {
  if (error instanceof FanfareError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What is wrong, in words. */
type ReadOutcome =
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

export function tellFailed(log: Logger, problems: readonly string[]): void {
  log.error({ problems }, 'reload failed; the old configuration stays');
}

export function tellTooLate(log: Logger): void {
  log.info({}, 'not reloaded: the server is shutting down');
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
