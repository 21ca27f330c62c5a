/** States in which a broker's server answers and does not do its work, with what ends them: for the log. */

export interface ServerState {
  /** The server's own word, where it has one. */
  readonly name: string;
  /** Found in what the server, or the library, says. */
  readonly pattern: RegExp;
  readonly remedy: string;
}

/** The first that fits what went wrong, or what that was caused by. */
export function stateOf(error: unknown, states: readonly ServerState[]): ServerState | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { message } = at;
    const state = states.find(({ pattern }) => pattern.test(message));
    if (state !== undefined) return state;
  }
  return undefined;
}
