/** Refusals of commands as HTTP statuses, for consumers that have no replies. An `EventSource` does not reconnect after any of these. */

import { type Disconnect, disconnectCodes, type ErrorReply, errorCodes } from '../model/codes.js';
import type { Refusal } from './refusal.js';

const statusOfError: Readonly<Record<number, number>> = {
  [errorCodes.internal.code]: 503,
  [errorCodes.unauthorized.code]: 401,
  [errorCodes.unknownChannel.code]: 404,
  [errorCodes.limitExceeded.code]: 400,
  [errorCodes.badRequest.code]: 400,
  [errorCodes.notAvailable.code]: 400,
  [errorCodes.tokenExpired.code]: 401,
  [errorCodes.tooManyRequests.code]: 429,
};

const statusOfDisconnect: Readonly<Record<number, number>> = {
  [disconnectCodes.shutdown.code]: 503,
  [disconnectCodes.serverError.code]: 503,
  [disconnectCodes.slow.code]: 503,
  [disconnectCodes.insufficientState.code]: 503,
  [disconnectCodes.invalidToken.code]: 401,
  [disconnectCodes.badRequest.code]: 400,
  [disconnectCodes.noPong.code]: 503,
};

export function refusalOfError(error: ErrorReply): Refusal {
  // Too many connections of the user, which may change.
  const isForNow = error.code === errorCodes.limitExceeded.code && error.temporary;
  return refusal(isForNow ? 429 : (statusOfError[error.code] ?? 403), `${error.message} (${error.code})`);
}

export function refusalOfDisconnect({ code, reason }: Disconnect): Refusal {
  return refusal(statusOfDisconnect[code] ?? 403, `${reason} (${code})`);
}

function refusal(status: number, message: string): Refusal {
  if (status === 401) return { status, message, headers: { 'WWW-Authenticate': 'Bearer' } };
  return status === 503 || status === 429 ? { status, message, headers: { 'Retry-After': '1' } } : { status, message };
}
