/** The subscribers of one channel that have a rate: an audience for each rate, and each filter. */

import type { TagFilter } from '../filters/tag-filter.js';
import type { AudienceChannel } from './audience.js';
import { PacedAudience, type PacedAudiencePorts } from './paced-audience.js';
import type { Subscription } from './subscription.js';

export class PacedAudiences implements Iterable<PacedAudience> {
  readonly #channel: AudienceChannel;
  readonly #ports: PacedAudiencePorts;
  readonly #byFilter = new Map<TagFilter | undefined, Map<number, PacedAudience>>();
  readonly #all = new Set<PacedAudience>();
  numSubscribers = 0;

  constructor(channel: AudienceChannel, ports: PacedAudiencePorts) {
    this.#channel = channel;
    this.#ports = ports;
  }

  [Symbol.iterator](): IterableIterator<PacedAudience> {
    return this.#all.values();
  }

  of({ maxRate, variant }: Subscription): PacedAudience | undefined {
    return maxRate === undefined ? undefined : this.#byFilter.get(variant.filter)?.get(maxRate);
  }

  enter(subscription: Subscription, maxRate: number): void {
    (this.of(subscription) ?? this.#make(maxRate, subscription.variant.filter)).enter(subscription);
    this.numSubscribers++;
  }

  /** Without any subscriber this has to go. @returns whether this one has everything that has come for it */
  leave(subscription: Subscription): boolean {
    const audience = this.of(subscription);
    if (audience === undefined) return true;
    const hasAll = audience.leave(subscription);
    if (audience.size === 0) this.#drop(audience);
    this.numSubscribers--;
    return hasAll;
  }

  #make(maxRate: number, filter: TagFilter | undefined): PacedAudience {
    const audience = new PacedAudience(this.#channel, this.#ports, maxRate, filter);
    const byRate = this.#byFilter.get(filter) ?? new Map<number, PacedAudience>();
    this.#byFilter.set(filter, byRate.set(maxRate, audience));
    this.#all.add(audience);
    return audience;
  }

  #drop(audience: PacedAudience): void {
    const { filter, maxRate } = audience;
    const byRate = this.#byFilter.get(filter);
    byRate?.delete(maxRate);
    if (byRate?.size === 0) this.#byFilter.delete(filter);
    this.#all.delete(audience);
  }
}
