/** The keys of clients in maps in which each client has its own: they go when its subscription ends. */

import { trustedJsonText } from '../../model/json-text.js';
import { mapLimits } from '../channels/map-limits.js';
import { brokerFailed, isBrokerFailure } from '../channels/refusal-lines.js';
import type { RefusalLog } from '../log/refusal-log.js';
import type { Logger } from '../ports/logger.js';
import type { MapStore } from '../ports/map-store.js';
import type { Subscription } from './subscription.js';

const nothing = trustedJsonText('null');

/** A failing store is logged and not waited for: such keys have a time, after which they go by themselves. */
export class OwnKeys {
  constructor(
    private readonly maps: MapStore | undefined,
    private readonly log: Logger,
    private readonly refusals: RefusalLog,
  ) {}

  /** The subscription has ended. */
  left({ rule, channel, owner }: Subscription): void {
    const limits = mapLimits(rule);
    // In a map of presence it is the key of who is elsewhere.
    if (
      rule.map?.key !== 'client' ||
      rule.map.presence !== undefined ||
      limits === undefined ||
      this.maps === undefined
    )
      return;
    const entry = { key: owner.clientInfo.client, data: nothing };
    this.maps.remove(channel, entry, { limits }).catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    const message = 'key of a client not removed';
    if (isBrokerFailure(error)) this.refusals.tell(brokerFailed(message, error));
    else this.log.warn({ err: error }, message);
  }
}
