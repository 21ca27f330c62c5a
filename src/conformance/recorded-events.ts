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
  readonly #looking = new Set<() => void>();
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
    for (const look of [...this.#looking]) look();
  }

  /** Resolves when the condition holds, which is looked at after each publication; rejects after ten seconds. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (how: () => void) => {
        clearTimeout(timer);
        this.#looking.delete(look);
        how();
      };
      const look = () => {
        if (condition()) end(resolve);
      };
      const timer = setTimeout(() => end(() => reject(new Error('not within ten seconds'))), 10_000);
      this.#looking.add(look);
      look();
    });
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
