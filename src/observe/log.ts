/** Structured logs: one JSON line each on standard error. */

import { createRequire } from 'node:module';
import type * as Pino from 'pino';
import type { LogLevel } from '../engine/ports/logger.js';

/** Fields that could carry a secret are never written, wherever they are put. */
const secretFields = ['token', 'secret', 'password', 'authorization', 'cookie'];
/** In the fields of a line and two levels below: an error with a request with headers. */
const redacted = ['', '*.', '*.*.'].flatMap((depth) => secretFields.map((field) => depth + field));

interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go. Default: standard error. */
  readonly destination?: { write(line: string): void };
}

/** Its files are a third of all that `import 'fanfare'` would load, so they are loaded when there is something to log to. */
export function createLog(options: LogOptions): Pino.Logger {
  // safe: the package's CommonJS entry has the same exports as its types
  const { pino } = createRequire(import.meta.url)('pino') as typeof Pino;
  return pino(
    { name: 'fanfare', level: options.level, redact: { paths: redacted, censor: '[redacted]' } },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
