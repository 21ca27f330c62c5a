/** What goes wrong with a broker's server, in the words of the engine. */

import { FanfareError } from '../model/fanfare-error.js';
import { type ServerState, stateOf } from './server-states.js';

/**
 * @param who `redis`
 * @param states that its server can be in; the one that it is in stands in the error, with what ends it
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

/** There is no connection at the moment. @param reason why there is none, as far as that is known */
export function noConnection(name: string, reason: unknown, states: readonly ServerState[]): FanfareError {
  const because = reason instanceof Error ? `: ${reason.message.trim()}` : '';
  return new FanfareError('ERR_BROKER', `no connection to ${name}${because}`, {
    cause: reason,
    ...named(reason, states),
  });
}

function named(error: unknown, states: readonly ServerState[]): { readonly state?: string; readonly remedy?: string } {
  const found = stateOf(error, states);
  return found === undefined ? {} : { state: found.name, remedy: found.remedy };
}
