/** The engine's logging interface; pino implements it. */

/** Structured, one line per call. Never gets a token or a payload. */
export interface Logger {
  /** What only helps to find a fault. */
  debug(fields: object, message: string): void;
  /** What has happened as it should, such as a start. */
  info(fields: object, message: string): void;
  /** What somebody should look at, such as a refusal by a limit. */
  warn(fields: object, message: string): void;
  /** What has failed. */
  error(fields: object, message: string): void;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Changes while the node runs which lines are written. */
export interface LevelSwitch {
  /** @param forMs after this time the configured level applies again. Absent: until the next change */
  use(level: LogLevel, forMs?: number): void;
}

function ignore(): void {
  // The application has chosen a silent logger.
}

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
