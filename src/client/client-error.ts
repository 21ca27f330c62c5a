/** The one error class of the client, with its codes and what they come from in the client protocol. */

/** Codes of the client's errors. `retryable` says that the same call may succeed later without any change. */
export const clientErrors = {
  /** The options of `connect` or what they lead to can not work; the message says what. */
  ERR_CONFIG: { retryable: false },
  /** The URL is none, or is relative where there is no page that it could be relative to. */
  ERR_URL: { retryable: false },
  /** This runtime has no global `WebSocket` and none was given as `websocket`. */
  ERR_NO_WEBSOCKET: { retryable: false },
  /** No answer within `timeoutMs`. The server may have done what it was asked for. */
  ERR_TIMEOUT: { retryable: true },
  /** The connection was lost under way. The server may have done what it was asked for. */
  ERR_CONNECTION: { retryable: true },
  /**
   * Not connected and not on the way to it: the server sent the client away, with the code and reason in `cause`.
   * `connect()` tries again. What was under way may have been done.
   */
  ERR_DISCONNECTED: { retryable: false },
  /** `close()` was called. */
  ERR_CLOSED: { retryable: false },
  /** The function that gets tokens failed. */
  ERR_TOKEN: { retryable: true },
  /** The server has ended the subscription; `subscribe()` asks again. */
  ERR_UNSUBSCRIBED: { retryable: false },
  /** A reader of the channel was too slow: more messages waited than it may buffer. */
  ERR_BUFFER_OVERFLOW: { retryable: false },
  /** A hook was used outside its `FanfareProvider`. */
  ERR_NO_PROVIDER: { retryable: false },
  /** The server failed. */
  ERR_INTERNAL: { retryable: true },
  ERR_UNAUTHORIZED: { retryable: false },
  ERR_UNKNOWN_CHANNEL: { retryable: false },
  ERR_PERMISSION_DENIED: { retryable: false },
  ERR_UNKNOWN_PROCEDURE: { retryable: false },
  ERR_ALREADY_SUBSCRIBED: { retryable: false },
  ERR_LIMIT_EXCEEDED: { retryable: false },
  /** The server's schema or one of its limits refuses what was sent. */
  ERR_BAD_REQUEST: { retryable: false },
  /** The channel does not have this ability: no history, no presence. */
  ERR_NOT_AVAILABLE: { retryable: false },
  ERR_TOKEN_EXPIRED: { retryable: false },
  ERR_EXPIRED: { retryable: false },
  ERR_TOO_MANY_REQUESTS: { retryable: true },
  /** The history does not reach back to `since`. */
  ERR_UNRECOVERABLE: { retryable: false },
  /** Any other refusal; `protocolCode` is the server's own. */
  ERR_REFUSED: { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>;

export type ClientErrorCode = keyof typeof clientErrors;

/** Below 100 the numbers are the SDK's, from 100 the protocol's. */
const codeOfNumber: Readonly<Record<number, ClientErrorCode>> = {
  1: 'ERR_TIMEOUT',
  2: 'ERR_CONNECTION',
  3: 'ERR_DISCONNECTED',
  4: 'ERR_CLOSED',
  5: 'ERR_TOKEN',
  6: 'ERR_TOKEN',
  7: 'ERR_UNSUBSCRIBED',
  8: 'ERR_TOKEN',
  9: 'ERR_TOKEN',
  10: 'ERR_CONNECTION',
  11: 'ERR_CONNECTION',
  12: 'ERR_CONFIG',
  100: 'ERR_INTERNAL',
  101: 'ERR_UNAUTHORIZED',
  102: 'ERR_UNKNOWN_CHANNEL',
  103: 'ERR_PERMISSION_DENIED',
  104: 'ERR_UNKNOWN_PROCEDURE',
  105: 'ERR_ALREADY_SUBSCRIBED',
  106: 'ERR_LIMIT_EXCEEDED',
  107: 'ERR_BAD_REQUEST',
  108: 'ERR_NOT_AVAILABLE',
  109: 'ERR_TOKEN_EXPIRED',
  110: 'ERR_EXPIRED',
  111: 'ERR_TOO_MANY_REQUESTS',
  112: 'ERR_UNRECOVERABLE',
};

/** Match on `code`; the message is for people and may change. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** The number behind the code, where the server or the SDK gave one. */
  readonly protocolCode: number | undefined;

  constructor(
    code: ClientErrorCode,
    message: string,
    options: { readonly protocolCode?: number; readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? clientErrors[code].retryable;
    this.protocolCode = options.protocolCode;
  }
}

/** Makes the client's error of what the SDK rejects with: an object with a number, or an exception. */
export function toClientError(thrown: unknown): ClientError {
  if (thrown instanceof ClientError) return thrown;
  const { code, message, temporary } = isRecord(thrown) ? thrown : {};
  const text = typeof message === 'string' && message !== '' ? message : String(thrown);
  if (typeof code !== 'number') return new ClientError('ERR_INTERNAL', text, { cause: thrown, retryable: false });
  return new ClientError(codeOfNumber[code] ?? 'ERR_REFUSED', text, {
    protocolCode: code,
    cause: thrown,
    ...(temporary === true && { retryable: true }),
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
