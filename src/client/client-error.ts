/** The error class of the client, its codes, and their numbers in the client protocol. */

/** Codes of the client's errors. `retryable` says that the same call may succeed later without any change. */
export const clientErrors = {
  /** The options of `connect`, or their combination, cannot work; the message says why. */
  ERR_CONFIG: { retryable: false },
  /** The URL is invalid, or relative without a page. */
  ERR_URL: { retryable: false },
  /** This runtime has no global `WebSocket`, and the option `websocket` is not set. */
  ERR_NO_WEBSOCKET: { retryable: false },
  /** No answer within `timeoutMs`. The call may have taken effect. */
  ERR_TIMEOUT: { retryable: true },
  /** The connection was lost during the call, which may have taken effect. */
  ERR_CONNECTION: { retryable: true },
  /**
   * Not connected and not connecting: the server closed the connection for good, with the code and reason in `cause`.
   * `connect()` tries again. Calls in progress may have taken effect.
   */
  ERR_DISCONNECTED: { retryable: false },
  /** `close()` was called. */
  ERR_CLOSED: { retryable: false },
  /** The function for tokens failed. */
  ERR_TOKEN: { retryable: true },
  /** The server has ended the subscription; `subscribe()` tries again. */
  ERR_UNSUBSCRIBED: { retryable: false },
  /** A reader of the channel was too slow: more messages waited than `maxBuffered`. */
  ERR_BUFFER_OVERFLOW: { retryable: false },
  /**
   * The server's dictionary, or a frame compressed with it, cannot be read. Told by `error`; the client goes on without a
   * dictionary, if need be on a new connection.
   */
  ERR_DICTIONARY: { retryable: true },
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
  /** The channel does not have this ability, such as history or presence. */
  ERR_NOT_AVAILABLE: { retryable: false },
  ERR_TOKEN_EXPIRED: { retryable: false },
  ERR_EXPIRED: { retryable: false },
  ERR_TOO_MANY_REQUESTS: { retryable: true },
  /** The history does not reach back to `since`. */
  ERR_UNRECOVERABLE: { retryable: false },
  /** Any other refusal; `protocolCode` is the server's own. */
  ERR_REFUSED: { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>;

/** Why something has failed. `ERR_TIMEOUT` and `ERR_CONNECTION` leave open whether a call had its effect. */
export type ClientErrorCode = keyof typeof clientErrors;

/** Numbers below 100 are the SDK's, the others the protocol's. */
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
  /** The name of the class. */
  override readonly name = 'ClientError';
  /** What has happened. */
  readonly code: ClientErrorCode;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** The number from the server or the SDK, if there is one. */
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

/** Converts the SDK's rejection, an object with a number or an exception, to the client's error. */
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
