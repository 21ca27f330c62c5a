/** How a call to the API fails: Centrifugo's code, a text for people, and the HTTP status that goes with it. */

import { type ErrorReply, errorCodes } from '../../model/codes.js';
import { FanfareError, type FanfareErrorCode } from '../../model/fanfare-error.js';

interface ApiErrorFacts {
  /** Of the client protocol's table, which is Centrifugo's. */
  readonly code: ErrorReply['code'];
  readonly message: string;
  readonly status: number;
  /**
   * The status is sent in either error mode: the request is no proper call, or the server cannot say yes or no. What
   * an operation refuses is a 200 with an error in it, unless the caller asked for statuses.
   */
  readonly isTransport: boolean;
  /** For the log: never anything that the caller sent. */
  readonly reason: string;
  /** For the log as well: the option that would change it, and what else somebody has to see to mend it. */
  readonly why?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly facts: ApiErrorFacts) {
    super(facts.message);
  }

  /** As it stands in responses. */
  get text(): string {
    const { code, message } = this.facts;
    return JSON.stringify({ code, message });
  }
}

/** The request is no proper call of the method. */
export function malformed(message: string, reason: string = message): ApiError {
  return new ApiError({ code: errorCodes.badRequest.code, message, status: 400, isTransport: true, reason });
}

/** The call lacks something. Centrifugo says so with a 200. */
export function missing(field: string): ApiError {
  const message = `${field} is required`;
  return new ApiError({ code: errorCodes.badRequest.code, message, status: 400, isTransport: false, reason: message });
}

/**
 * There is more in the call than the server takes at once.
 *
 * @param option that says how much it takes
 */
export function tooMuch(message: string, option?: string): ApiError {
  const { code } = errorCodes.limitExceeded;
  const why = option !== undefined && { why: { option } };
  return new ApiError({ code, message, status: 413, isTransport: true, reason: message, ...why });
}

/** Something that Centrifugo may have and Fanfare has not. */
export function notAvailable(message: string): ApiError {
  const { code } = errorCodes.notAvailable;
  return new ApiError({ code, message, status: 400, isTransport: false, reason: message });
}

/** Where the message is for the log: it names servers, their addresses and what they said. */
const withoutInternals: Partial<Record<FanfareErrorCode, string>> = {
  ERR_BROKER: 'the broker cannot be reached or has refused: try again',
  ERR_HISTORY_BROKEN: 'what the broker keeps of the channel is broken: history_remove begins it anew',
};

/** What an operation has thrown, as the caller sees it. `undefined` when the fault is the server's own. */
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

/** Whether nothing can be done just now, rather than this one thing. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof FanfareError && error.httpStatus === 503;
}
