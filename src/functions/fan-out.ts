/** Hands what has happened in a channel to its subscribers: a visit of each, in bounded parallel batches. */

import type { ChannelName } from '../model/channel-name.js';
import type { ConnectionState } from './connection-state.js';
import type { Delivery } from './delivery.js';
import type { FunctionPorts } from './function-ports.js';
import { inParallel } from './in-parallel.js';
import type { Visits } from './visits.js';

/** Connections that are visited at the same time for one channel. */
const atOnce = 32;

export class FanOut {
  constructor(
    private readonly ports: FunctionPorts,
    private readonly visits: Pick<Visits, 'visit'>,
  ) {}

  /**
   * Resolves when the subscribers have it. Whoever could not be visited gets what was kept from the sweep.
   *
   * @param from the connection that it comes from, and that has it. Absent: none
   */
  async deliver(deliveries: readonly Delivery[], from?: string): Promise<void> {
    await Promise.all(
      [...byChannel(deliveries)].map(([channel, ofChannel]) => this.#deliverTo(channel, ofChannel, from)),
    );
  }

  /** What the sweep has found a mark of. False if not everybody could be visited. */
  async deliverLate(channel: ChannelName): Promise<boolean> {
    return this.#visitAll(channel, [{ kind: 'late', channel }], undefined);
  }

  async #deliverTo(channel: ChannelName, deliveries: readonly Delivery[], from: string | undefined): Promise<void> {
    const { store, engine } = this.ports;
    try {
      if (!(await this.#visitAll(channel, deliveries, from))) return;
      const marks = deliveries.flatMap((delivery) =>
        'mark' in delivery && delivery.mark !== undefined ? [delivery.mark] : [],
      );
      await Promise.all(marks.map((mark) => store.late.unmark(channel, mark)));
    } catch (error) {
      engine.log.error({ err: error, channel }, 'publications were not delivered: the sweep delivers what is kept');
    }
  }

  async #visitAll(channel: ChannelName, deliveries: readonly Delivery[], from: string | undefined): Promise<boolean> {
    const { store } = this.ports;
    const members = await store.index.members('channel', channel);
    const brought = deliveries.filter((delivery) => delivery.kind === 'kept' || delivery.kind === 'late');
    const live = deliveries.filter((delivery) => delivery.kind !== 'kept' && delivery.kind !== 'late');
    let hasAll = true;
    await inParallel(
      members.filter((id) => id !== from),
      atOnce,
      async (id) => {
        const { kind } = await this.visits.visit(id, {
          brought,
          isNeedless: (state) => hasAllOf(state, channel, deliveries),
          do: (visit) => {
            for (const delivery of live) visit.hear(delivery);
          },
        });
        if (kind === 'absent') await store.index.remove('channel', channel, id);
        if (kind === 'failed') hasAll = false;
      },
    );
    return hasAll;
  }
}

/** Whether the connection is not in the channel, or has been brought all of it by others. */
function hasAllOf({ session }: ConnectionState, channel: ChannelName, deliveries: readonly Delivery[]): boolean {
  const subscription = session?.subscriptions.find((each) => each.channel === channel);
  if (subscription === undefined) return true;
  const { position } = subscription;
  return deliveries.every(
    (delivery) =>
      delivery.kind === 'kept' && position?.epoch === delivery.epoch && position.offset >= delivery.publication.offset,
  );
}

/** In the order in which they have happened. */
function byChannel(deliveries: readonly Delivery[]): Map<ChannelName, Delivery[]> {
  const groups = new Map<ChannelName, Delivery[]>();
  for (const delivery of deliveries) {
    const group = groups.get(delivery.channel);
    if (group === undefined) groups.set(delivery.channel, [delivery]);
    else group.push(delivery);
  }
  return groups;
}
