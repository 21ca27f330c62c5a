/** The error class of the public API. */

import type { ErrorReply } from './codes.js';

/**
 * The codes of errors that Fanfare throws, with their HTTP status and their code in the client protocol (`reply`),
 * which is absent if no client can cause or see them.
 */
export const fanfareErrors = {
  ERR_CONFIG: { http: 500, retryable: false },
  ERR_RUNTIME: { http: 500, retryable: false },
  ERR_CHANNEL_NAME: { http: 400, reply: 107, retryable: false },
  ERR_PATTERN: { http: 400, reply: 107, retryable: false },
  ERR_UNKNOWN_CHANNEL: { http: 404, reply: 102, retryable: false },
  ERR_NOT_AVAILABLE: { http: 400, reply: 108, retryable: false },
  ERR_UNRECOVERABLE: { http: 416, reply: 112, retryable: false },
  ERR_MESSAGE_INVALID: { http: 400, reply: 107, retryable: false },
  ERR_MESSAGE_TOO_LARGE: { http: 413, reply: 107, retryable: false },
  ERR_IDEMPOTENCY_KEY: { http: 400, reply: 107, retryable: false },
  ERR_HISTORY_BROKEN: { http: 500, reply: 108, retryable: false },
  ERR_STREAM_UNKNOWN: { http: 404, reply: 102, retryable: false },
  ERR_STREAM_LOST: { http: 409, reply: 112, retryable: false },
  ERR_STREAM_ENDED: { http: 409, reply: 110, retryable: false },
  ERR_STREAM_CANCELLED: { http: 409, reply: 110, retryable: false },
  ERR_STREAM_GAP: { http: 409, reply: 107, retryable: false },
  ERR_STREAM_FULL: { http: 413, reply: 106, retryable: false },
  ERR_BROKER: { http: 503, reply: 100, retryable: true },
  ERR_CLOSED: { http: 503, reply: 100, retryable: true },
  ERR_LISTEN: { http: 500, retryable: false },
} as const satisfies Record<string, { http: number; reply?: number; retryable: boolean }>;

/** Why something was refused or has failed. */
export type FanfareErrorCode = keyof typeof fanfareErrors;

interface FanfareErrorOptions {
  readonly cause?: unknown;
  readonly state?: string;
  readonly remedy?: string;
}

/** Thrown for failures and misuse. Match on `code`; the message is for people and may change. */
export class FanfareError extends Error {
  /** The name of the class. */
  override readonly name = 'FanfareError';
  /** What has happened. */
  readonly code: FanfareErrorCode;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** The status of this error in the HTTP API. */
  readonly httpStatus: number;
  /**
   * The state of the broker's server, in its own word if it has one, and what ends it. For the log. Only declared,
   * since an undefined field would be printed.
   */
  declare readonly state?: string;
  /** What ends that state of the broker's server. */
  declare readonly remedy?: string;

  constructor(code: FanfareErrorCode, message: string, options: FanfareErrorOptions = {}) {
    const { state, remedy, ...native } = options;
    super(message, native);
    this.code = code;
    if (state !== undefined) this.state = state;
    if (remedy !== undefined) this.remedy = remedy;
    this.retryable = fanfareErrors[code].retryable;
    this.httpStatus = fanfareErrors[code].http;
  }

  /** The code for the client that caused it. */
  get replyCode(): ErrorReply['code'] {
    const entry = fanfareErrors[this.code];
    return 'reply' in entry ? entry.reply : 100;
  }
}
