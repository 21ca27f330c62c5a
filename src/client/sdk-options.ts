/** Converts the options of `connect()` and of channels to those of the SDK. */

import type { FilterNode, Options, SubscriptionOptions } from 'centrifuge';
import { defined } from '../model/defined.js';
import { isRate, leastRate } from '../model/max-rate-wish.js';
import type { ChannelOptions } from './channel-events.js';
import { ClientError } from './client-error.js';
import type { ConnectOptions } from './connect-options.js';
import { endingSocket } from './ending-socket.js';

export function connectionOptions(options: ConnectOptions): Partial<Options> {
  const {
    token,
    data,
    websocket = globalThis.WebSocket,
    eventsource,
    minReconnectDelayMs,
    maxReconnectDelayMs,
    timeoutMs,
  } = options;
  return {
    ...(websocket !== undefined && { websocket: endingSocket(websocket) }),
    ...defined({ eventsource }),
    ...(typeof token === 'string' && { token }),
    ...(typeof token === 'function' && { getToken: tokenGetter(token) }),
    ...(typeof data === 'function' ? { getData: async () => data() } : data !== undefined && { data }),
    ...defined({ minReconnectDelay: minReconnectDelayMs, maxReconnectDelay: maxReconnectDelayMs, timeout: timeoutMs }),
  };
}

function tokenGetter(token: () => Promise<string | null>): () => Promise<string> {
  // safe: the SDK accepts `null` for "no user any more", though its type does not say so
  return async () => (await token()) as string;
}

/** The options of a subscription to this channel. */
export function subscriptionOptions(
  { tokenFor, minReconnectDelayMs, maxReconnectDelayMs }: ConnectOptions,
  channel: string,
  { data: given, delta = false, filter, maxRate }: ChannelOptions,
): SubscriptionOptions {
  const data = maxRate === undefined ? given : withRate(given, maxRate);
  return {
    ...defined({ data }),
    // With a filter the server sends everything whole, and the SDK throws.
    ...(delta && filter === undefined && { delta: 'fossil' as const }),
    // safe: the SDK sends the tree as it is, and its type is one of lists that may be changed
    ...(filter && { tagsFilter: filter as FilterNode }),
    ...subscriptionToken(tokenFor, channel),
    ...defined({ minResubscribeDelay: minReconnectDelayMs, maxResubscribeDelay: maxReconnectDelayMs }),
  };
}

/** @throws ClientError `ERR_CONFIG` */
export function withRate(data: unknown, maxRate: number): object {
  if (!isRate(maxRate)) {
    throw new ClientError('ERR_CONFIG', `maxRate must be a number of messages per second from ${leastRate} on`);
  }
  if (data === undefined || (typeof data === 'object' && data !== null && !Array.isArray(data)))
    return { ...data, maxRate };
  throw new ClientError('ERR_CONFIG', 'maxRate is sent as a field of data, which has to be an object');
}

/** Empty for a channel that needs no token. */
function subscriptionToken(
  tokenFor: ConnectOptions['tokenFor'],
  channel: string,
): Pick<SubscriptionOptions, 'getToken'> {
  if (tokenFor === undefined) return {};
  let first: Promise<string> | undefined;
  try {
    first = tokenFor(channel);
  } catch (error) {
    first = Promise.reject(error);
  }
  if (first === undefined) return {};
  // The SDK awaits it once connected; until then a rejection has no other handler.
  first.catch(() => undefined);
  let unused: Promise<string> | undefined = first;
  return {
    getToken: async () => {
      const token = unused ?? tokenFor(channel);
      unused = undefined;
      return (await token) ?? '';
    },
  };
}
