/** Lets the SDK ask an application for the token of one channel. */

import type { SubscriptionOptions } from 'centrifuge';
import type { ConnectOptions } from './connect-options.js';

/** Nothing for a channel that needs no token. */
export function subscriptionToken(
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
  // The SDK looks at it once connected; until then a rejection has no other owner.
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
