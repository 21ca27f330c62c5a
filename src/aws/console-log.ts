/** The log of a function: lines of JSON on standard output, for which nothing has to be installed. */

import { type Logger, type LogLevel, logLevels } from '../engine/ports/logger.js';

/**
 * Writes lines of JSON to standard output, where Lambda takes them from. The usual log loads a package that bundlers do not
 * see.
 *
 * @param level the least that is written. Default: `info`
 * @example const app = fanfare({ log: consoleLog(), channels });
 */
export function consoleLog({ level: least = 'info' }: { readonly level?: LogLevel } = {}): Logger {
  const writer =
    (level: keyof Logger): Logger['info'] =>
    (fields, message) => {
      // In the order of their weight.
      if (logLevels.indexOf(level) < logLevels.indexOf(least)) return;
      console.log(JSON.stringify({ level, message, ...fields }, withErrors));
    };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** Errors have no fields that JSON would show. */
function withErrors(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, cause };
}
