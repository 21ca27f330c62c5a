/** Counts and logs failures of the API; a fault of the server with its cause. */

import { brokerFailed, isBrokerFailure } from '../../engine/channels/refusal-lines.js';
import { Counters } from '../../engine/ports/counters.js';
import { type ApiError, apiErrorOf, internalError } from './api-error.js';
import { type ApiCall, within } from './method.js';

/** Log lines a minute for each kind of fault. */
const failuresAMinute = 10;

/**
 * @param peer the caller, if the request is wrong
 * @returns the error as the caller sees it
 */
export function recordFailure(name: string, cause: unknown, call: ApiCall, peer?: string): ApiError {
  return within(call, () => recorded(name, cause, call, peer));
}

function recorded(
  name: string,
  cause: unknown,
  { counters, log, refusals, request }: ApiCall,
  peer: string | undefined,
): ApiError {
  const error = apiErrorOf(cause) ?? internalError;
  const { code, status, reason, isTransport, why } = error.facts;
  Counters.addTo(counters.apiErrors, name, code);
  const fields = { api: name, request, code, status, reason };
  if (error === internalError) log.error({ err: cause, ...fields }, 'API call failed');
  else if (isBrokerFailure(cause)) refusals.tell(brokerFailed(name, cause, fields));
  else if (status >= 500) {
    refusals.tell(
      { check: 'api', key: `${name} ${reason}`, fields: { err: cause, ...fields }, message: 'API call failed' },
      failuresAMinute,
    );
  } else if (isTransport) {
    refusals.tell({
      check: 'api',
      key: `${name} ${reason} ${peer}`,
      fields: { ...fields, ...(peer !== undefined && { peer }), ...why },
      message: 'API request refused',
      level: why === undefined ? 'info' : 'warn',
    });
  }
  // A normal answer, for example for a channel without history.
  else log.debug(fields, 'API call refused');
  return error;
}
