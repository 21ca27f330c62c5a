/** Converts errors of a broker's server to the engine's. */

import { FanfareError } from '../model/fanfare-error.js';
import { type ServerState, stateOf } from './server-states.js';

/**
 * @param who `redis`
 * @param states known states of its server; the error has the current one, with what ends it
 */
export function brokerError(who: string, error: unknown, states: readonly ServerState[] = []): FanfareError {
  if (error instanceof FanfareError) {
    const { code, message, state, cause } = error;
    if (state !== undefined || stateOf(error, states) === undefined) return error;
    return new FanfareError(code, message, { cause, ...named(error, states) });
  }
  const message = error instanceof Error ? error.message.trim() : String(error);
  return new FanfareError('ERR_BROKER', `${who} has failed: ${message}`, { cause: error, ...named(error, states) });
}

/** The error while there is no connection. @param reason why there is none, if known */
export function noConnection(name: string, reason: unknown, states: readonly ServerState[]): FanfareError {
  const because = reason instanceof Error ? `: ${reason.message.trim()}` : '';
  const about = { cause: reason, ...named(reason, states) };
  return new FanfareError('ERR_BROKER', `no connection to ${name}${because}`, about);
}

/** Adds the state of the server. */
export function named(
  error: unknown,
  states: readonly ServerState[],
): { readonly state?: string; readonly remedy?: string } {
  const found = stateOf(error, states);
  return found === undefined ? {} : { state: found.name, remedy: found.remedy };
}
