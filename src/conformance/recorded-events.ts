/** Broker events, recorded in order. */

import type { BrokerEvents } from '../engine/ports/broker.js';
import type { ChannelName } from '../model/channel-name.js';
import { payloadValue } from '../model/payload.js';
import type { ClientInfo, Publication } from '../model/publication.js';

interface RecordedPublication {
  readonly publication: Publication;
  readonly epoch: string;
}

export class RecordedEvents implements BrokerEvents {
  readonly #publications = new Map<ChannelName, RecordedPublication[]>();
  readonly announcements: { event: 'join' | 'leave'; channel: ChannelName; info: ClientInfo }[] = [];
  /** The channels of each interruption; `undefined` is all channels. */
  readonly interruptions: (readonly ChannelName[] | undefined)[] = [];

  publications(channel: ChannelName): readonly RecordedPublication[] {
    return this.#publications.get(channel) ?? [];
  }

  /** The decoded payloads. */
  values(channel: ChannelName): unknown[] {
    return this.publications(channel).map(({ publication }) => payloadValue(publication.data));
  }

  offsets(channel: ChannelName): number[] {
    return this.publications(channel).map(({ publication }) => publication.offset);
  }

  onPublication(channel: ChannelName, publication: Publication, epoch: string): void {
    const list = this.#publications.get(channel) ?? [];
    this.#publications.set(channel, list);
    list.push({ publication, epoch });
  }

  onJoin(channel: ChannelName, info: ClientInfo): void {
    this.announcements.push({ event: 'join', channel, info });
  }

  onLeave(channel: ChannelName, info: ClientInfo): void {
    this.announcements.push({ event: 'leave', channel, info });
  }

  onInterrupted(channels?: readonly ChannelName[]): void {
    this.interruptions.push(channels);
  }
}
