/** The engine's logging interface; pino implements it. */

/** Structured, one line per call. Never gets a token or a payload. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function ignore(): void {
  // The application has chosen a silent logger.
}

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
