/** Logging as the engine sees it; pino fits as it is. */

/** Structured, one line a call. Never given a token or a payload. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function ignore(): void {
  // A silent logger is a choice of the application.
}

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
