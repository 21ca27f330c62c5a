/** The members of a channel for `usePresence`: the list at subscribing, updated by joins and leaves. */

import type { Channel } from '../client/channel.js';
import type { ChannelState } from '../client/channel-events.js';
import { ClientError, toClientError } from '../client/client-error.js';
import type { Member } from '../client/message.js';
import { openOrError } from '../client/open-or-error.js';
import { SnapshotStore } from '../client/snapshot-store.js';

/** The part of a channel that the list is made from. */
export type PresenceSource = Pick<Channel<unknown>, 'state' | 'error' | 'on' | 'presence' | 'close'>;

/** Who is in a channel at one moment. */
export interface PresenceSnapshot {
  /** One per connection; empty until the first list is read. During a reconnect, the last known list. */
  readonly members: readonly Member[];
  /** Whether joins and leaves come. */
  readonly state: ChannelState;
  /** The list is being read. */
  readonly loading: boolean;
  /** Why there is no subscription, or why the list could not be read. */
  readonly error: ClientError | undefined;
}

interface Change {
  readonly member: Member;
  readonly isThere: boolean;
}

/**
 * A list and changes may arrive in any order. All changes since the list was requested are applied to it again, in
 * order: the latest change of each connection wins, and connections without one are as in the list.
 */
export class PresenceStore extends SnapshotStore<PresenceSnapshot> {
  #channel: PresenceSource | undefined;
  #members = new Map<string, Member>();
  /** The latest change of each connection since the list was requested; `undefined` when no reading is in progress. */
  #sinceLoad: Map<string, Change> | undefined;
  /** Counts readings, so that an outdated one changes nothing. */
  #loads = 0;

  /** @param open returns the channel with one more use */
  constructor(private readonly open: () => PresenceSource) {
    super({ members: [], state: 'subscribing', loading: true, error: undefined });
  }

  /** Reads the list again. */
  readonly reload = (): void => {
    if (this.#channel !== undefined) void this.#load(this.#channel);
  };

  protected override start(): readonly (() => void)[] {
    const channel = openOrError(this.open);
    if (channel instanceof ClientError) {
      this.update({ state: 'unsubscribed', loading: false, error: channel });
      return [];
    }
    this.#channel = channel;
    this.#members = new Map();
    const stops = [
      channel.on('join', (member) => this.#change({ member, isThere: true })),
      channel.on('leave', (member) => this.#change({ member, isThere: false })),
      channel.on('subscribing', () => this.update({ state: 'subscribing', error: undefined })),
      channel.on('subscribed', () => {
        this.update({ state: 'subscribed' });
        void this.#load(channel);
      }),
      channel.on('unsubscribed', ({ error }) => this.update({ state: 'unsubscribed', loading: false, error })),
      () => {
        this.#loads += 1;
        this.#sinceLoad = undefined;
        this.#channel = undefined;
        channel.close();
      },
    ];
    // Another component may already have subscribed, or have been refused.
    const { state, error } = channel;
    if (state !== 'subscribing') this.update({ state, error, loading: false });
    if (state === 'subscribed') void this.#load(channel);
    return stops;
  }

  #change(change: Change): void {
    const { client } = change.member;
    // Deleted first, so that the map stays in the order of the latest changes.
    this.#sinceLoad?.delete(client);
    this.#sinceLoad?.set(client, change);
    apply(this.#members, change);
    this.update({ members: [...this.#members.values()] });
  }

  async #load(channel: PresenceSource): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    const changes = new Map<string, Change>();
    this.#sinceLoad = changes;
    this.update({ loading: true });
    try {
      const list = await channel.presence();
      if (load !== this.#loads) return;
      this.#members = new Map(list.map((member) => [member.client, member]));
      for (const change of changes.values()) apply(this.#members, change);
      this.update({ members: [...this.#members.values()], error: undefined });
    } catch (error) {
      if (load !== this.#loads) return;
      this.update({ error: toClientError(error) });
    }
    this.#sinceLoad = undefined;
    this.update({ loading: false });
  }
}

function apply(members: Map<string, Member>, { member, isThere }: Change): void {
  if (isThere) members.set(member.client, member);
  else members.delete(member.client);
}
