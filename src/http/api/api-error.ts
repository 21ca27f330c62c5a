/** An error of the API: Centrifugo's code, a message, and the HTTP status. */

import { type ErrorReply, errorCodes } from '../../model/codes.js';
import { FanfareError, type FanfareErrorCode } from '../../model/fanfare-error.js';

interface ApiErrorFacts {
  /** A code of the client protocol, as in Centrifugo. */
  readonly code: ErrorReply['code'];
  readonly message: string;
  readonly status: number;
  /**
   * The status is sent in either error mode: the request is not a valid call, or the server cannot decide. A refusal by
   * an operation is a 200 with an error in it, unless the caller asked for statuses.
   */
  readonly isTransport: boolean;
  /** For the log; never contains anything from the caller. */
  readonly reason: string;
  /** For the log: the option that would change it, and other fields that help to correct it. */
  readonly why?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly facts: ApiErrorFacts) {
    super(facts.message);
  }

  /** The text of responses. */
  get text(): string {
    const { code, message } = this.facts;
    return JSON.stringify({ code, message });
  }
}

/** The request is not a valid call of the method. */
export function malformed(message: string, reason: string = message): ApiError {
  return new ApiError({ code: errorCodes.badRequest.code, message, status: 400, isTransport: true, reason });
}

/** A required field is missing. Centrifugo answers this with a 200. */
export function missing(field: string): ApiError {
  const message = `${field} is required`;
  return new ApiError({ code: errorCodes.badRequest.code, message, status: 400, isTransport: false, reason: message });
}

/**
 * The call has more than the server accepts at once.
 *
 * @param option the option with the limit
 */
export function tooMuch(message: string, option?: string): ApiError {
  const { code } = errorCodes.limitExceeded;
  const why = option !== undefined && { why: { option } };
  return new ApiError({ code, message, status: 413, isTransport: true, reason: message, ...why });
}

/** The body is of a type that is not read. */
export function unsupportedType(message: string): ApiError {
  return new ApiError({ code: errorCodes.badRequest.code, message, status: 415, isTransport: true, reason: message });
}

/** A feature of Centrifugo that Fanfare does not have. */
export function notAvailable(message: string): ApiError {
  const { code } = errorCodes.notAvailable;
  return new ApiError({ code, message, status: 400, isTransport: false, reason: message });
}

/** Messages for the log only, since they name servers, addresses and their errors. */
const withoutInternals: Partial<Record<FanfareErrorCode, string>> = {
  ERR_BROKER: 'the broker cannot be reached or has refused: try again',
  ERR_HISTORY_BROKEN: 'the stored history of the channel is damaged: history_remove repairs it',
};

/** Converts an operation's exception for the caller; `undefined` for a fault of the server. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (!(error instanceof FanfareError)) return undefined;
  const { replyCode: code, httpStatus: status } = error;
  const message = withoutInternals[error.code] ?? error.message;
  return new ApiError({ code, message, status, isTransport: status >= 500, reason: error.code });
}

export const internalError = new ApiError({
  code: errorCodes.internal.code,
  message: errorCodes.internal.message,
  status: 500,
  isTransport: true,
  reason: 'internal error',
});

/** Whether the server can do nothing at the moment, not only this call. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof FanfareError && error.httpStatus === 503;
}
