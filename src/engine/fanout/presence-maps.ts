/** Presence as maps: who comes to a channel becomes a key of each map that shows its presence, until it goes. */

import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import { trustedJsonText } from '../../model/json-text.js';
import { mapLimits } from '../channels/map-limits.js';
import { mapIsFull } from '../channels/map-refusals.js';
import { brokerFailed, isBrokerFailure } from '../channels/refusal-lines.js';
import type { Rule } from '../channels/rule.js';
import type { RefusalLog } from '../log/refusal-log.js';
import type { Logger } from '../ports/logger.js';
import type { MapLimits, MapStore } from '../ports/map-store.js';
import type { Subscription } from './subscription.js';

const nothing = trustedJsonText('null');

export interface PresenceMapsPorts {
  readonly maps: MapStore | undefined;
  readonly log: Logger;
  readonly refusals: RefusalLog;
  /**
   * Whether the user's key may go with this subscription, which has ended: no other connection of the user is in the
   * channel, and none on another node can be.
   */
  isLastOfUser(subscription: Subscription): boolean;
  /** What names of such maps begin with, before the colon and the name of the channel. Usually there are none. */
  presenceMaps(): readonly string[];
  match(channel: ChannelName): Rule | undefined;
}

/** A key of a map, which stands for the subscriber. */
interface Entry {
  readonly maps: MapStore;
  readonly channel: ChannelName;
  readonly rule: Rule;
  readonly limits: MapLimits;
  readonly key: string;
}

/**
 * A failing store is logged and not waited for: such keys have a time, after which they go by themselves, and the next
 * renewal restores those that are missing.
 */
export class PresenceMaps {
  readonly #ports: PresenceMapsPorts;

  constructor(ports: PresenceMapsPorts) {
    this.#ports = ports;
  }

  /** The subscription is live. It may follow another one of its client, with other details. */
  joined(subscription: Subscription): void {
    for (const entry of this.#entriesOf(subscription)) {
      if (entry.rule.map?.presence === 'clients') this.#set(entry, subscription);
      else this.#renew(entry, subscription);
    }
  }

  /** Keeps the subscriber's keys from expiring. @returns whether the store has done it */
  async renew(subscription: Subscription): Promise<boolean> {
    const renewed = Array.from(this.#entriesOf(subscription), (entry) => this.#renew(entry, subscription));
    return renewed.length === 0 || !(await Promise.all(renewed)).includes(false);
  }

  /** The subscription has ended. */
  left(subscription: Subscription): void {
    for (const entry of this.#entriesOf(subscription)) {
      // Otherwise the key of a user goes when nobody renews it any more.
      if (entry.rule.map?.presence === 'clients' || this.#ports.isLastOfUser(subscription)) this.#remove(entry);
    }
  }

  *#entriesOf({ channel: shown, owner }: Subscription): Generator<Entry> {
    const { maps } = this.#ports;
    if (maps === undefined) return;
    for (const prefix of this.#ports.presenceMaps()) {
      const channel = parseChannelName(`${prefix}:${shown}`);
      const rule = channel && this.#ports.match(channel);
      const limits = rule && mapLimits(rule);
      if (channel === undefined || rule?.map?.presence === undefined || limits === undefined) continue;
      const key = rule.map.presence === 'clients' ? owner.clientInfo.client : owner.clientInfo.user;
      // Anonymous clients are nobody in a map of users.
      if (key !== '') yield { maps, channel, rule, limits, key };
    }
  }

  #set(entry: Entry, subscription: Subscription): void {
    const { maps, channel, rule, limits, key } = entry;
    const isOfClients = rule.map?.presence === 'clients';
    const change = { key, data: nothing, ...(isOfClients && { info: subscription.clientInfo }) };
    // Of a user there is only the key, which another connection may have set.
    const expected = isOfClients ? undefined : { version: 0 };
    maps
      .set(channel, change, { limits, expected, ttlMs: subscription.owner.presenceTtlMs })
      .then((outcome) => {
        if (!outcome.ok && outcome.why === 'full') {
          this.#ports.refusals.tell(mapIsFull(channel, rule, outcome.tooMany));
        }
      })
      .catch((error: unknown) => this.#failed('presence not set in a map', error));
  }

  async #renew(entry: Entry, subscription: Subscription): Promise<boolean> {
    const { maps, channel, key } = entry;
    try {
      const isThere = await maps.renew?.(channel, key, subscription.owner.presenceTtlMs);
      // It may have ended while the store was working.
      if (isThere === false && !subscription.isEnded) this.#set(entry, subscription);
      return true;
    } catch (error) {
      this.#failed('presence not renewed in a map', error);
      return false;
    }
  }

  #remove({ maps, channel, limits, key }: Entry): void {
    maps
      .remove(channel, { key, data: nothing }, { limits })
      .catch((error: unknown) => this.#failed('presence not removed from a map', error));
  }

  #failed(message: string, error: unknown): void {
    if (isBrokerFailure(error)) this.#ports.refusals.tell(brokerFailed(message, error));
    else this.#ports.log.warn({ err: error }, message);
  }
}
