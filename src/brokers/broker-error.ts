/** What goes wrong with a broker's server, in the words of the engine. */

import { FanfareError } from '../model/fanfare-error.js';

/** @param who `redis` */
export function brokerError(who: string, error: unknown): FanfareError {
  if (error instanceof FanfareError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FanfareError('ERR_BROKER', `${who} has failed: ${message}`, { cause: error });
}
