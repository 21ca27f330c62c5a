/** All channels with subscribers on this node; delivers publications from the broker to them. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Unsubscribe } from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import type { Rule } from '../channels/rule.js';
import type { ChannelRules } from '../channels/rules.js';
import type { BrokerEvents } from '../ports/broker.js';
import type { Notifier } from '../ports/observer.js';
import { HubChannel, type HubChannelPorts } from './hub-channel.js';
import type { Interest } from './interest.js';
import type { Subscription } from './subscription.js';
import { type Watcher, Watchers } from './watchers.js';

export class Hub implements BrokerEvents {
  readonly #channels = new Map<ChannelName, HubChannel>();
  #numSubscriptions = 0;
  /** Set by the part that finds out what was missed. */
  interrupted: (channels?: readonly ChannelName[]) => void = () => undefined;
  /** Who looks at a channel without being a subscriber. */
  readonly #watchers = new Map<ChannelName, Watchers>();

  constructor(
    private readonly interest: Interest,
    private readonly channelPorts: HubChannelPorts,
    private readonly notifier: Notifier,
  ) {}

  get numChannels(): number {
    return this.#channels.size;
  }

  get numSubscriptions(): number {
    return this.#numSubscriptions;
  }

  /** The channels with subscribers on this node; the list may change meanwhile. */
  channels(): IterableIterator<Pick<HubChannel, 'name' | 'numSubscribers' | 'numPublications'>> {
    return this.#channels.values();
  }

  /** Absent if it has no subscribers on this node. */
  channel(name: ChannelName): Pick<HubChannel, 'numSubscribers' | 'numPublications' | 'numSlow'> | undefined {
    return this.#channels.get(name);
  }

  /**
   * Buffers the channel's publications for a subscriber from now on. Resolves when none can be missed any more; rejects
   * if the broker refuses, and then the subscription still has to be removed by {@link leave}.
   */
  join(subscription: Subscription): Promise<void> {
    const { channel: name } = subscription;
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = new HubChannel(name, this.channelPorts);
      channel.watcher = this.#watchers.get(name)?.tell;
      this.#channels.set(name, channel);
      this.notifier.notify('occupied', name);
    }
    channel.addJoining(subscription);
    this.#numSubscriptions++;
    return this.interest.hold(name);
  }

  /** Whether the channel has subscribers on this node. */
  has(channel: ChannelName): boolean {
    return this.#channels.has(channel);
  }

  /** Whether the channel has subscribers on this node to whom publications are written as they arrive. */
  writesAtOnce(channel: ChannelName): boolean {
    return this.#channels.get(channel)?.writesAtOnce === true;
  }

  /** The rule of a channel with subscribers, without matching patterns again. */
  match(channel: ChannelName, rules: ChannelRules): Rule | undefined {
    return this.#channels.get(channel)?.match(rules);
  }

  /** The subscribers of a channel on this node. */
  subscribersOf(channel: ChannelName): Iterable<Subscription> {
    return this.#channels.get(channel)?.subscribers() ?? [];
  }

  /** The channels with subscribers and a position. */
  *tracked(): IterableIterator<HubChannel> {
    for (const channel of this.#channels.values()) if (channel.position !== undefined) yield channel;
  }

  /** The position of the channel's live stream on this node. */
  position(channel: ChannelName): Position | undefined {
    return this.#channels.get(channel)?.position;
  }

  /** Stands for the channel's name, for this node, as long as it has subscribers here; 0 if it has none. */
  channelId(channel: ChannelName): number {
    return this.#channels.get(channel)?.id ?? 0;
  }

  /** Takes a joining subscriber live; see {@link HubChannel.promote}. */
  promote(subscription: Subscription, at: Position | undefined): void {
    this.#channels.get(subscription.channel)?.promote(subscription, at);
  }

  /** Gives publications of the history to a subscriber that is not live yet; see {@link HubChannel.hand}. */
  hand(subscription: Subscription, publications: readonly Publication[]): void {
    this.#channels.get(subscription.channel)?.hand(subscription, publications);
  }

  /** Idempotent. @param why absent if the subscription was never established */
  leave(subscription: Subscription, why?: Unsubscribe): void {
    if (subscription.isEnded) return;
    if (subscription.stage.name === 'new') {
      subscription.end(why);
      return;
    }
    const channel = this.#channels.get(subscription.channel);
    if (channel !== undefined) {
      channel.remove(subscription, why);
      this.#numSubscriptions--;
      if (channel.isEmpty) {
        this.#channels.delete(channel.name);
        this.notifier.notify('vacated', channel.name);
      }
    }
    this.interest.release(subscription.channel);
  }

  /**
   * The watcher gets the channel's publications, too, until {@link unwatch}; other channels have nothing to do with it. It
   * holds an interest in the channel itself.
   */
  watch(name: ChannelName, watcher: Watcher): void {
    const watchers = this.#watchers.get(name) ?? new Watchers();
    watchers.add(watcher);
    this.#watchers.set(name, watchers);
    const channel = this.#channels.get(name);
    if (channel !== undefined) channel.watcher = watchers.tell;
  }

  unwatch(name: ChannelName, watcher: Watcher): void {
    const watchers = this.#watchers.get(name);
    watchers?.delete(watcher);
    if (watchers?.isEmpty !== true) return;
    this.#watchers.delete(name);
    const channel = this.#channels.get(name);
    if (channel !== undefined) channel.watcher = undefined;
  }

  onPublication(name: ChannelName, publication: Publication, epoch: string): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) {
      // Whoever watches holds an interest of its own.
      this.#watchers.get(name)?.tell(publication, epoch);
      return;
    }
    channel.watcher?.(publication, epoch);
    channel.deliver(publication, epoch);
  }

  onJoin(channel: ChannelName, info: ClientInfo): void {
    this.#channels.get(channel)?.announce({ kind: 'join', channel, info });
  }

  onLeave(channel: ChannelName, info: ClientInfo): void {
    this.#channels.get(channel)?.announce({ kind: 'leave', channel, info });
  }

  onInterrupted(channels?: readonly ChannelName[]): void {
    this.interrupted(channels);
  }
}
