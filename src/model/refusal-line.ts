/** Why a client was refused, for the server's log. */

/** A line for the log. Values in it are never secrets, tokens or payloads. */
export interface RefusalLine {
  /** The name of the check. Each has its own budget of lines. */
  readonly check: string;
  /** Distinguishes refusals of one check that need a line each: an origin, a rule. May come from a client. */
  readonly key?: string;
  /** Other fields of the line; `option` is what would change the answer. */
  readonly fields: object;
  /** A function if the text is expensive: it is called only when a line is written. */
  readonly message: string | (() => string);
  /** `error` for bugs, `warn` if a setting would change it, `info` if it is as intended. Default: `warn`. */
  readonly level?: 'info' | 'warn' | 'error';
}
