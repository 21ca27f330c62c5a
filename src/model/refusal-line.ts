/** Why somebody was refused, for the log of whoever runs the server. */

/** A line for the log. Values in it are never secrets, tokens or payloads. */
export interface RefusalLine {
  /** A name from the code: what has been checked. Each has a budget of lines of its own. */
  readonly check: string;
  /** Tells refusals of one check apart that are worth a line each: an origin, a rule. May come from a client. */
  readonly key?: string;
  /** What else stands in the line; `option` is what would let the client in. */
  readonly fields: object;
  /** A function where it costs something to find the words: it is called when there is a line. */
  readonly message: string | (() => string);
  /** `error` for broken code, `warn` for what a setting would mend, `info` for what is as it was meant. Default: `warn`. */
  readonly level?: 'info' | 'warn' | 'error';
}
