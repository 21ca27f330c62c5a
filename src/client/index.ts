/**
 * `fanfare/client`: the typed client, for browsers and Node.
 *
 * @module fanfare/client
 */

export type {
  AnyApp,
  ArgumentsOf,
  DataOf,
  InputOf,
  KnownChannel,
  KnownProcedure,
  OptionsOf,
  ResultOf,
} from './app-types.js';
export type { Channel } from './channel.js';
export type {
  Cause,
  ChannelEvents,
  ChannelOptions,
  ChannelState,
  GapEvent,
  HistoryOptions,
  HistoryResult,
  PresenceStats,
  SubscribedEvent,
  UnsubscribedEvent,
} from './channel-events.js';
export type {
  ChannelMap,
  ChannelMapEvents,
  KeyChange,
  MapChannel,
  MapOptions,
  PresenceMap,
  Present,
} from './channel-map.js';
export type { ChannelSnapshot } from './channel-store.js';
export type { Client, ClientEvents, ConnectedEvent, ConnectionState, ConnectionStatus } from './client.js';
export { ClientError, type ClientErrorCode } from './client-error.js';
export type { Codec } from './codec.js';
export { connect } from './connect.js';
export type { ConnectOptions, EventSourceConstructor, WebSocketConstructor } from './connect-options.js';
export type { DictionaryOption } from './dictionary-option.js';
export type { EndpointPaths } from './endpoint-url.js';
export { allOf, anyOf, not, type TagComparisons, type TagFilter, tag } from './filter.js';
export type { LiveChannel, LiveOptions } from './live-channel.js';
export { type LongPollingOptions, LongPollingSocket } from './long-polling-socket.js';
export type { Member, Message, StreamPosition } from './message.js';
export type { MessageReader } from './message-reader.js';
export type { TransportStore } from './transport-memory.js';
export type { TransportName } from './transport-name.js';
