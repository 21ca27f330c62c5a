/** The official client, each of whose subscriptions asks for deltas. Runs in a page, too. */

import type { Centrifuge } from 'centrifuge';

export function askingDeltas(client: Centrifuge): Centrifuge {
  const { newSubscription } = client;
  client.newSubscription = (channel, options) =>
    newSubscription.call(
      client,
      channel,
      // The SDK refuses to ask for both.
      options?.tagsFilter ? options : { delta: 'fossil', ...options },
    );
  return client;
}
