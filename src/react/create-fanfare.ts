/** Creates the hooks of an application, typed by its server's declarations. */

import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { AnyApp, DataOf, InputOf, KnownChannel, OptionsOf } from '../client/app-types.js';
import type { ChannelOptions } from '../client/channel-events.js';
import type { ChannelMap, Present } from '../client/channel-map.js';
import { type ChannelSnapshot, ChannelStore } from '../client/channel-store.js';
import type { Client, ConnectionStatus } from '../client/client.js';
import { ClientError } from '../client/client-error.js';
import type { TagFilter } from '../client/filter.js';
import type { StreamPosition } from '../client/message.js';
import { streams } from '../client/streams/streams.js';
import { defined } from '../model/defined.js';
import { type MapSnapshot, MapStore } from './map-store.js';
import { type PresenceSnapshot, PresenceStore } from './presence-store.js';
import { type StreamSnapshot, StreamStore } from './stream-store.js';

/** Those of the channel are as in `client.channel()`; components with the same channel share one subscription. */
export interface UseChannelOptions extends Pick<ChannelOptions, 'bytes' | 'delta' | 'filter' | 'maxRate'> {
  /** Largest number of messages in the list; the oldest are dropped. Default: 100. */
  readonly keep?: number;
  /**
   * Read this many messages of the history when subscribing, and again after a reconnect that lost some. Default: 0,
   * none. Needs a channel rule with history.
   */
  readonly history?: number;
}

/** As in `client.map()`. */
export interface UseMapOptions extends Pick<ChannelOptions, 'maxRate'> {}

/** How `usePresence` reads a channel. */
export interface UsePresenceOptions {
  /** The filter that {@link FanfareHooks.useChannel} has, if the channel is read with one: both share the subscription. */
  readonly filter?: TagFilter;
}

/** What `useChannel` returns: the messages at this moment, and how to publish. */
export interface ChannelView<Data, Input> extends ChannelSnapshot<Data> {
  /** Publishes; stable between renders. Resolves and throws as `Channel.publish` does. */
  readonly publish: (data: Input) => Promise<StreamPosition | undefined>;
  /** Empties the list; stable between renders. */
  readonly clear: () => void;
}

/** What `usePresence` returns: who is there at this moment. */
export interface PresenceView extends PresenceSnapshot {
  /** Reads the list again; stable between renders. */
  readonly reload: () => void;
}

/** What `useMap` returns: the keys at this moment, and how to change them. */
export interface MapView<Value, Input> extends MapSnapshot<Value> {
  /** Sets a key; stable between renders. Throws as `ChannelMap.set` does. */
  readonly set: (key: string, value: Input) => Promise<void>;
  /** Removes a key; stable between renders. */
  readonly remove: (key: string) => Promise<void>;
}

/** What `useStream` returns: the stream at this moment, and how to stop it. */
export interface StreamView<Item> extends StreamSnapshot<Item> {
  /** Tells its producer to stop; stable between renders. Throws as `Client.rpc` does. */
  readonly cancel: () => Promise<void>;
}

/**
 * The hooks of one application, typed by its server.
 *
 * @example
 * function Room() {
 *   const { messages, publish } = useChannel('chat:lobby', { history: 50 });
 *   const { members } = usePresence('chat:lobby');
 *   return (
 *     <button type="button" onClick={() => void publish({ text: 'hello' })}>
 *       {members.length} here, {messages.length} messages
 *     </button>
 *   );
 * }
 */
export interface FanfareHooks<App extends AnyApp> {
  /** Passes the client, which the application creates and closes, to the components below. */
  readonly FanfareProvider: (props: { readonly client: Client<App>; readonly children?: ReactNode }) => ReactElement;
  /** The client, for procedures and for publishing without a subscription. Throws `ERR_NO_PROVIDER`. */
  readonly useClient: () => Client<App>;
  /** Subscribes while the component is mounted. Throws `ERR_NO_PROVIDER`. */
  readonly useChannel: <const Name extends string>(
    name: KnownChannel<App, Name>,
    ...[options]: OptionsOf<App, Name, UseChannelOptions>
  ) => ChannelView<DataOf<App, Name>, InputOf<App, Name>>;
  /** The keys of a map while the component is mounted. Needs a channel rule with `map`. Throws `ERR_NO_PROVIDER`. */
  readonly useMap: <const Name extends string>(
    name: KnownChannel<App, Name>,
    options?: UseMapOptions,
  ) => MapView<DataOf<App, Name>, InputOf<App, Name>>;
  /** A stream so far, while the component is mounted. Needs a channel rule with `streams`. Throws `ERR_NO_PROVIDER`. */
  readonly useStream: <const Name extends string>(
    name: KnownChannel<App, Name>,
    id: string,
  ) => StreamView<DataOf<App, Name>>;
  /** Who is in a channel, by a map of its presence. Needs a channel rule with `map.presence`. Throws `ERR_NO_PROVIDER`. */
  readonly usePresenceMap: <const Name extends string>(name: KnownChannel<App, Name>) => MapSnapshot<Present>;
  /** The members of a channel. Needs a channel rule with `presence` and `joinLeave`. Throws `ERR_NO_PROVIDER`. */
  readonly usePresence: <const Name extends string>(
    name: KnownChannel<App, Name>,
    options?: UsePresenceOptions,
  ) => PresenceView;
  /** The state of the connection, its time and its cause, for example for a banner. Throws `ERR_NO_PROVIDER`. */
  readonly useConnection: () => ConnectionStatus;
}

const defaultKeep = 100;

/**
 * Call it once, in a module of its own, and import the hooks from there.
 *
 * @example
 * import type { App } from './server.js';
 *
 * export const { FanfareProvider, useChannel, usePresence, useConnection } = createFanfare<App>();
 */
export function createFanfare<App extends AnyApp = AnyApp>(): FanfareHooks<App> {
  // safe: the hooks do the same for every application; the type says what its server allows
  return makeHooks() as unknown as FanfareHooks<App>;
}

function makeHooks(): FanfareHooks<AnyApp> {
  const Context = createContext<Client | undefined>(undefined);

  // biome-ignore lint/correctness/noComponentHookFactories: a module calls it once, as it calls createContext
  function useClient(): Client {
    const client = useContext(Context);
    if (client === undefined) throw new ClientError('ERR_NO_PROVIDER', 'there is no FanfareProvider around this');
    return client;
  }

  return {
    // biome-ignore lint/correctness/noComponentHookFactories: likewise
    FanfareProvider: ({ client, children }) => createElement(Context.Provider, { value: client }, children),

    useClient,

    useChannel: (name: string, options: UseChannelOptions = {}) => {
      const { keep = defaultKeep, history = 0, delta = false, bytes = false, maxRate } = options;
      const client = useClient();
      const filter = useSame(options.filter);
      const store = useMemo(
        () =>
          new ChannelStore(() => client.channel(name, channelOptions(filter, delta, bytes, maxRate)), {
            keep,
            history,
          }),
        [client, name, keep, history, filter, delta, bytes, maxRate],
      );
      const snapshot = useSyncExternalStore(store.watch, store.read, store.readInitial);
      return useMemo(() => ({ ...snapshot, publish: store.publish, clear: store.clear }), [snapshot, store]);
    },

    useMap: (name: string, { maxRate }: UseMapOptions = {}) => {
      const client = useClient();
      const store = useMemo(() => new MapStore(() => client.map(name, defined({ maxRate }))), [client, name, maxRate]);
      const snapshot = useSyncExternalStore(store.watch, store.read, store.readInitial);
      return useMemo(() => ({ ...snapshot, set: store.set, remove: store.remove }), [snapshot, store]);
    },

    useStream: (name: string, id: string) => {
      const client = useClient();
      const store = useMemo(() => new StreamStore(() => streams(client, name), id), [client, name, id]);
      const snapshot = useSyncExternalStore(store.watch, store.read, store.readInitial);
      return useMemo(() => ({ ...snapshot, cancel: store.cancel }), [snapshot, store]);
    },

    usePresenceMap: (name: string) => {
      const client = useClient();
      // safe: nobody here sets or removes keys
      const open = useCallback(() => client.presenceMap(name) as ChannelMap<Present>, [client, name]);
      const store = useMemo(() => new MapStore(open), [open]);
      return useSyncExternalStore(store.watch, store.read, store.readInitial);
    },

    usePresence: (name: string, options: UsePresenceOptions = {}) => {
      const client = useClient();
      const filter = useSame(options.filter);
      const store = useMemo(
        () => new PresenceStore(() => client.channel(name, channelOptions(filter, false, false))),
        [client, name, filter],
      );
      const snapshot = useSyncExternalStore(store.watch, store.read, store.readInitial);
      return useMemo(() => ({ ...snapshot, reload: store.reload }), [snapshot, store]);
    },

    useConnection: () => {
      const client = useClient();
      const watch = useCallback((onChange: () => void) => watchConnection(client, onChange), [client]);
      const read = () => client.status;
      return useSyncExternalStore(watch, read, read);
    },
  };
}

/** The same object as long as the filter says the same, though each render makes it anew. */
function useSame(filter: TagFilter | undefined): TagFilter | undefined {
  const text = filter === undefined ? undefined : JSON.stringify(filter);
  // safe: it is the text of a filter
  return useMemo(() => (text === undefined ? undefined : (JSON.parse(text) as TagFilter)), [text]);
}

function channelOptions(
  filter: TagFilter | undefined,
  delta: boolean,
  bytes: boolean,
  maxRate?: number,
): ChannelOptions {
  return { delta, bytes, ...defined({ filter, maxRate }) };
}

function watchConnection(client: Client, onChange: () => void): () => void {
  const stops = [
    client.on('connecting', onChange),
    client.on('connected', onChange),
    client.on('disconnected', onChange),
    client.on('error', onChange),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
