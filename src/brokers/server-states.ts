/** States in which a broker's server answers with errors, and how to end them, for the log. */

export interface ServerState {
  /** The server's own name for it, if there is one. */
  readonly name: string;
  /** Matches the message of the server or the library. */
  readonly pattern: RegExp;
  /** Error numbers, which do not change with the server's version. */
  readonly codes?: readonly number[];
  readonly remedy: string;
}

/** The first state that matches an error or its cause. */
export function stateOf(error: unknown, states: readonly ServerState[]): ServerState | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { message } = at;
    const code = 'code' in at ? at.code : undefined;
    const state =
      states.find(({ codes = [] }) => codes.some((known) => known === code)) ??
      states.find(({ pattern }) => pattern.test(message));
    if (state !== undefined) return state;
  }
  return undefined;
}
