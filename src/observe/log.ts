/** Structured logs: one JSON line each on standard error. */

import { type Logger as PinoLogger, pino } from 'pino';
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

export function createLog(options: LogOptions): PinoLogger {
  return pino(
    { name: 'fanfare', level: options.level, redact: { paths: redacted, censor: '[redacted]' } },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
