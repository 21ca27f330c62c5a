/** `fanfare check`: the effective configuration, the source of each value, errors and warnings. */

import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { formatDuration } from '../config/option-kinds.js';
import { formatValue, type OptionPath, optionPaths } from '../config/options.js';
import { FanfareError } from '../model/fanfare-error.js';
import { ConfiguredServer } from '../server/from-config.js';
import { type Command, exitCodes, failed } from './command.js';
import { explain, sourcesOf, warn } from './configuration.js';
import type { Terminal } from './terminal.js';

export const check: Command = {
  name: 'check',
  usage: '[flags]',
  about: [
    'Prints each option with its value and where it comes from, secrets masked, then warnings.',
    'The exit code is 0 for a configuration that fanfare serve accepts, 1 for one that it refuses.',
  ],
  flags: {},
  listsOptions: true,
  async run(parsed, context) {
    const { terminal } = context;
    const outcome = await loadConfig(sourcesOf(parsed, context, 'production'));
    if (!outcome.ok) {
      explain(outcome.problems, terminal);
      return exitCodes.failed;
    }
    const { config } = outcome;
    const fault = await assemblyFault(config);
    if (fault !== undefined) return failed(terminal, fault);
    terminal.out(`configuration file: ${config.path ?? 'none'}`);
    terminal.out('');
    printValues(config, terminal);
    terminal.out('');
    warn(config.warnings, terminal);
    terminal.out('the configuration is valid');
    return exitCodes.ok;
  },
};

/** Errors that only show when the server is assembled, as in `fanfare serve`. */
async function assemblyFault(config: Config): Promise<string | undefined> {
  try {
    await new ConfiguredServer(config).app.close(0);
    return undefined;
  } catch (error) {
    if (error instanceof FanfareError) return error.message;
    throw error;
  }
}

function printValues(config: Config, terminal: Terminal): void {
  const rows = optionPaths.map((path) => ({ path, value: valueText(config, path), source: config.sources[path] }));
  const width = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const pathWidth = width(optionPaths);
  const valueWidth = Math.min(40, width(rows.map(({ value }) => value)));
  for (const { path, value, source } of rows) {
    const line = `${path.padEnd(pathWidth)}  ${value.padEnd(valueWidth)}  ${source}`;
    terminal.out(source === 'default' ? terminal.style('dim', line) : line);
    if (path === 'channels') printChannels(config, terminal);
  }
}

function valueText({ values, secrets, apiKeys, consolePasswords }: Config, path: OptionPath): string {
  if (path === 'token.secret' && values[path] !== undefined) return secrets.map(() => '********').join(', ');
  if (path === 'api.keys' && values[path] !== undefined) return apiKeys.map(() => '********').join(', ');
  if (path === 'console.password' && values[path] !== undefined)
    return consolePasswords.map(() => '********').join(', ');
  return formatValue(path, values[path]);
}

function printChannels({ values }: Config, terminal: Terminal): void {
  for (const [pattern, { history, ...rule }] of Object.entries(values.channels)) {
    const kept = history && { ...history, ttl: formatDuration(history.ttl) };
    terminal.out(`  ${pattern}  ${JSON.stringify({ ...rule, ...(kept && { history: kept }) })}`);
  }
}
