/** Loads the configuration for a command and reports its errors. */

import type { Config, Mode } from '../config/config.js';
import { commandVariables } from '../config/layers.js';
import { type ConfigSources, loadConfig } from '../config/load.js';
import type { OptionValues } from '../config/options.js';
import { type ConfigProblem, formatProblem } from '../config/problem.js';
import { defined } from '../model/defined.js';
import { type CommandContext, flagText, type ParsedArguments } from './command.js';
import type { Terminal } from './terminal.js';

/** The sources of a command's configuration; a reload reads the same ones. */
export function sourcesOf(
  parsed: ParsedArguments,
  { env, folder }: CommandContext,
  mode: Mode,
  defaultsFor: (host: string) => Partial<OptionValues> = () => ({}),
): ConfigSources {
  const path = flagText(parsed, 'config') ?? env[commandVariables.config];
  return { folder, env, flags: parsed.options, mode, defaultsFor, ...defined({ path }) };
}

/** `undefined` if it was refused, with the reasons on standard error. */
export async function loadOrExplain(sources: ConfigSources, terminal: Terminal): Promise<Config | undefined> {
  const outcome = await loadConfig(sources);
  if (outcome.ok) return outcome.config;
  explain(outcome.problems, terminal);
  return undefined;
}

export function explain(problems: readonly ConfigProblem[], terminal: Terminal): void {
  for (const problem of problems) terminal.err(`${terminal.styleErr('red', 'error')} ${formatProblem(problem)}`);
}

export function warn(warnings: readonly string[], terminal: Terminal): void {
  for (const warning of warnings) terminal.err(`${terminal.styleErr('yellow', 'warning')} ${warning}`);
}
