/** The numeric codes of the Centrifugal protocol v2 that a client can see, each in one table with its meaning. */

/** Codes of an error in a reply to one command. `temporary` says that trying again may help. */
export const errorCodes = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unauthorized: { code: 101, message: 'unauthorized', temporary: false },
  unknownChannel: { code: 102, message: 'unknown channel', temporary: false },
  permissionDenied: { code: 103, message: 'permission denied', temporary: false },
  methodNotFound: { code: 104, message: 'method not found', temporary: false },
  alreadySubscribed: { code: 105, message: 'already subscribed', temporary: false },
  limitExceeded: { code: 106, message: 'limit exceeded', temporary: false },
  badRequest: { code: 107, message: 'bad request', temporary: false },
  notAvailable: { code: 108, message: 'not available', temporary: false },
  tokenExpired: { code: 109, message: 'token expired', temporary: false },
  expired: { code: 110, message: 'expired', temporary: false },
  tooManyRequests: { code: 111, message: 'too many requests', temporary: true },
  unrecoverablePosition: { code: 112, message: 'unrecoverable position', temporary: false },
} as const satisfies Record<string, ErrorReply>;

/** The error of a failed command. */
export interface ErrorReply {
  readonly code: number;
  readonly message: string;
  readonly temporary: boolean;
}

/** Why a connection is closed. Only the code decides whether the client reconnects, see {@link reconnects}. */
export interface Disconnect {
  readonly code: number;
  /** At most 123 bytes: it travels in a WebSocket close frame (RFC 6455 section 5.5.1). */
  readonly reason: string;
}

/** Codes with which the server closes a connection. */
export const disconnectCodes = {
  connectionClosed: { code: 3000, reason: 'connection closed' },
  shutdown: { code: 3001, reason: 'shutdown' },
  serverError: { code: 3004, reason: 'internal server error' },
  expired: { code: 3005, reason: 'connection expired' },
  subscriptionExpired: { code: 3006, reason: 'subscription expired' },
  slow: { code: 3008, reason: 'slow' },
  insufficientState: { code: 3010, reason: 'insufficient state' },
  forceReconnect: { code: 3011, reason: 'force reconnect' },
  noPong: { code: 3012, reason: 'no pong' },
  tooManyRequests: { code: 3013, reason: 'too many requests' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  badRequest: { code: 3501, reason: 'bad request' },
  forceNoReconnect: { code: 3503, reason: 'force disconnect' },
  connectionLimit: { code: 3504, reason: 'connection limit' },
  inappropriateProtocol: { code: 3506, reason: 'inappropriate protocol' },
  permissionDenied: { code: 3507, reason: 'permission denied' },
  notAvailable: { code: 3508, reason: 'not available' },
} as const satisfies Record<string, Disconnect>;

/** Why a subscription ended. A client subscribes again by itself from code 2500 upwards. */
export interface Unsubscribe {
  readonly code: number;
  readonly reason: string;
}

/** Codes with which the server, or the client (below 2000, never sent), ends a subscription. */
export const unsubscribeCodes = {
  client: { code: 0, reason: 'client unsubscribed' },
  disconnect: { code: 1, reason: 'client disconnected' },
  server: { code: 2000, reason: 'server unsubscribe' },
  insufficientState: { code: 2500, reason: 'insufficient state' },
  expired: { code: 2501, reason: 'subscription expired' },
  stateInvalidated: { code: 2502, reason: 'state invalidated' },
} as const satisfies Record<string, Unsubscribe>;

/** Whether a client reconnects by itself after a close with this code. */
export function reconnects(code: number): boolean {
  return !((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000));
}
