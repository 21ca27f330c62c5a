/** SIGHUP: reads the configuration again and applies all of it, or says why not. */

import type { Config } from '../config/config.js';
import { type ConfigSources, loadConfig } from '../config/load.js';
import { type ConfigProblem, formatProblem } from '../config/problem.js';
import type { Logger } from '../engine/ports/logger.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ConfiguredServer } from '../server/from-config.js';
import { ReloadTurns } from './reload-turns.js';

/** @param onDone called after each attempt, with its outcome */
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

/** A conflict with the running server; other errors are bugs, which leave the old configuration in force too. */
export function problemOf(error: unknown): string {
  if (error instanceof FanfareError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The problems, in words. */
type ReadOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A file that has vanished is an error: nobody would delete it to refuse all clients. */
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

/** Logs one line, with names of options and never their values. */
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
