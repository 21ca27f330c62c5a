/** The options of `connect()` in the words of the SDK. */

import type { Options } from 'centrifuge';
import { ClientError } from './client-error.js';
import type { ConnectOptions } from './connect-options.js';

/** @throws ClientError `ERR_NO_WEBSOCKET` */
export function sdkOptions(options: ConnectOptions): Partial<Options> {
  const { token, data, websocket, minReconnectDelayMs, maxReconnectDelayMs, timeoutMs } = options;
  if (websocket === undefined && globalThis.WebSocket === undefined) {
    throw new ClientError(
      'ERR_NO_WEBSOCKET',
      'no WebSocket here: connect(url, { websocket: WebSocket }) with that of ws',
    );
  }
  return {
    ...(websocket !== undefined && { websocket }),
    ...(typeof token === 'string' && { token }),
    ...(typeof token === 'function' && { getToken: tokenGetter(token) }),
    ...(typeof data === 'function' ? { getData: async () => data() } : data !== undefined && { data }),
    ...(minReconnectDelayMs !== undefined && { minReconnectDelay: minReconnectDelayMs }),
    ...(maxReconnectDelayMs !== undefined && { maxReconnectDelay: maxReconnectDelayMs }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  };
}

function tokenGetter(token: () => Promise<string | null>): () => Promise<string> {
  // safe: `null` is how the SDK is told that there is no user any more, though its type does not say so
  return async () => (await token()) as string;
}
