/** A map channel as an application uses it: its keys as they are, events of each, and calls. */

import type { MapSubscription, PublicationContext } from 'centrifuge';
import type { Channel } from './channel.js';
import type { ChannelOptions, ChannelState } from './channel-events.js';
import type { ClientError } from './client-error.js';
import { Listeners } from './listeners.js';
import { dataOf, type Member, toMember } from './message.js';

/** A key that was set or removed. */
export interface KeyChange<Value> {
  /** Which key. */
  readonly key: string;
  /** Absent when it was removed. */
  readonly value?: Value;
  /** The client that has changed it; absent when the server did. */
  readonly info?: Member;
}

/** What listeners of a map are called with. */
export interface ChannelMapEvents<Value> {
  /** A key has changed. */
  change: KeyChange<Value>;
  /** The whole state has come: at first, and when changes were missed that cannot be recovered. */
  sync: ReadonlyMap<string, Value>;
}

/** Who is in a channel, in a map of its presence. In one of users there is only the user. */
export interface Present {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Id of the connection; absent in a map of users. */
  readonly client?: string;
  /** What authentication says of the connection; any JSON. */
  readonly connInfo?: unknown;
  /** What the permission to subscribe says; any JSON. */
  readonly chanInfo?: unknown;
}

/** The clients or users in a channel, by their ids. The server sets the keys. */
export type PresenceMap = Omit<ChannelMap<Present>, 'set' | 'remove' | 'listenTo'>;

/** What is kept of a key: what the application calls its value. */
export type ValueOf<Value> = (key: string, data: unknown, info: PublicationContext['info']) => Value;

/** What one use of a map asks for. */
export interface MapOptions extends Pick<ChannelOptions, 'data' | 'joinLeave' | 'maxRate'> {
  /** Keys that are asked for at a time while the state is read. Default: 1,000, which is the most. */
  readonly pageSize?: number;
}

/** Events of the subscription, and who is there: as of any channel. */
export type MapChannel = Pick<Channel<unknown>, 'on' | 'presence' | 'presenceStats'>;

/**
 * Reads like a `Map`: of the keys that have come, in no particular order.
 *
 * @example
 * const cursors = client.map('cursors:page-1');
 * await cursors.ready();
 * for (const [user, position] of cursors) draw(user, position);
 * if (!cursors.has('ann')) await cursors.set('ann', { x: 1, y: 2 });
 * const stop = cursors.onKey('ann', (position) => draw('ann', position));
 * const [first] = cursors.keys();
 * const all = [...cursors.values(), cursors.get('ann')];
 * await cursors.remove('ann');
 * if (cursors.error !== undefined) cursors.subscribe();
 * stop();
 * cursors.close();
 */
export class ChannelMap<Value, Input = Value> implements Iterable<[string, Value]> {
  /** Of its channel. */
  readonly name: string;
  /** Of the map's name, over the subscription that {@link listenTo} was given. */
  readonly channel: MapChannel;
  readonly #channel: Channel<unknown>;
  readonly #toValue: ValueOf<Value>;
  #subscription: MapSubscription | undefined;
  readonly #listeners = new Listeners<ChannelMapEvents<Value>>();
  readonly #ofKeys = new Listeners<Record<string, Value | undefined>>();
  readonly #watched = new Map<string, number>();
  #entries = new Map<string, Value>();
  #isSynced = false;

  /** Made by `client.map()`. */
  constructor(channel: Channel<unknown>, toValue: ValueOf<Value>) {
    this.channel = channel;
    this.#channel = channel;
    this.#toValue = toValue;
    this.name = channel.name;
  }

  /** Whether changes come. */
  get state(): ChannelState {
    return this.#channel.state;
  }

  /** Why it is not subscribed and does not resume by itself. */
  get error(): ClientError | undefined {
    return this.#channel.error;
  }

  /** Whether the state has come. During a reconnect the last known one stays. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Number of keys. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is such a key. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The value of a key; `undefined` without one. */
  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** All keys, in no particular order. */
  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** All values, in no particular order. */
  values(): IterableIterator<Value> {
    return this.#entries.values();
  }

  /** All keys with their values, in no particular order. */
  [Symbol.iterator](): IterableIterator<[string, Value]> {
    return this.#entries.entries();
  }

  /**
   * Adds a listener.
   *
   * @returns a function that stops listening
   * @example const stop = cursors.on('change', ({ key, value }) => draw(key, value));
   */
  on<Event extends keyof ChannelMapEvents<Value>>(
    event: Event,
    listener: (payload: ChannelMapEvents<Value>[Event]) => void,
  ): () => void {
    return this.#listeners.add(event, listener);
  }

  /** The same for one key: called with its value, or `undefined` without one, after each change of it and each `sync`. */
  onKey(key: string, listener: (value: Value | undefined) => void): () => void {
    const stop = this.#ofKeys.add(key, listener);
    this.#watched.set(key, (this.#watched.get(key) ?? 0) + 1);
    let isStopped = false;
    return () => {
      stop();
      if (isStopped) return;
      isStopped = true;
      const left = (this.#watched.get(key) ?? 1) - 1;
      if (left === 0) this.#watched.delete(key);
      else this.#watched.set(key, left);
    };
  }

  /** Sets a key. Throws as `Channel.publish` does, and `ERR_LIMIT_EXCEEDED` when there are as many keys as there may be. */
  async set(key: string, value: Input): Promise<void> {
    await this.#channel.call(async () => this.#subscription?.publish(key, value));
  }

  /** Removes a key; no effect when it is not there. Throws as `Channel.publish` does. */
  async remove(key: string): Promise<void> {
    await this.#channel.call(async () => this.#subscription?.remove(key));
  }

  /** Resolves once the state is there. Throws the refusal, or `ERR_TIMEOUT`; 0 waits for ever. */
  async ready(timeoutMs = 0): Promise<void> {
    await this.#channel.ready(timeoutMs);
  }

  /** Subscribes again after the server has refused or ended the subscription. */
  subscribe(): void {
    this.#channel.subscribe();
  }

  /** Ends one use of the map, as counted by `client.map()`. */
  close(): void {
    this.#channel.close();
  }

  /**
   * Called with the subscription once it is made.
   *
   * @internal
   */
  listenTo(subscription: MapSubscription): void {
    this.#subscription = subscription;
    subscription.on('sync', ({ entries }) => {
      this.#entries = new Map(entries.map(({ key, data, info }) => [key, this.#toValue(key, data, info)]));
      this.#isSynced = true;
      this.#listeners.emit('sync', this.#entries);
      for (const key of [...this.#watched.keys()]) this.#ofKeys.emit(key, this.#entries.get(key));
    });
    subscription.on('update', ({ key, data, removed, info }) => this.#changed(key, data, removed === true, info));
  }

  #changed(key: string, data: unknown, isRemoved: boolean, info: PublicationContext['info']): void {
    const value = this.#toValue(key, data, info);
    if (isRemoved) this.#entries.delete(key);
    else this.#entries.set(key, value);
    this.#listeners.emit('change', { key, ...(!isRemoved && { value }), ...(info && { info: toMember(info) }) });
    if (this.#watched.has(key)) this.#ofKeys.emit(key, isRemoved ? undefined : value);
  }
}

/** The values of a map of messages. */
export function messageOf(_: string, data: unknown): unknown {
  return dataOf(data, false);
}

/** The values of a map of presence. A user has only its key. */
export function presentOf(key: string, _: unknown, info: PublicationContext['info']): Present {
  return info === undefined ? { user: key } : toMember(info);
}
