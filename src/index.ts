/**
 * `fanfare`: the server as a library.
 *
 * @module fanfare
 */

export type { AsyncApiDocument } from './asyncapi/document.js';
export type { ClientAccess, SpecOptions, UnknownSchema } from './asyncapi/options.js';
export { defineConfig, type FanfareConfig } from './config/options.js';
export type { AuthFunction, AuthGrant, AuthRequest } from './engine/auth/function-auth.js';
export type { TokenAlgorithm } from './engine/auth/token-keys.js';
export { type BytesOptions, type BytesSchema, bytes } from './engine/channels/bytes.js';
export {
  type ChannelDeclaration,
  type ChannelOptions,
  channel,
  type Denial,
  type HistoryOptions,
  type MapOptions,
  type MaxRateOptions,
  type ParamsOf,
  type PermissionContext,
  type PermissionName,
  type PublishContext,
  type PublishGrant,
  type StreamsOptions,
  type SubscribeContext,
  type SubscribeGrant,
} from './engine/channels/channel-options.js';
export type { PersonalOptions } from './engine/channels/personal-channel.js';
export { type RpcContext, type RpcDeclaration, RpcError, type RpcOptions, rpc } from './engine/channels/rpc-options.js';
export type { SlowOption } from './engine/channels/slow-policy.js';
export type { NodeSummary } from './engine/cluster/messages.js';
export type { ChannelSummary } from './engine/operations/clients.js';
export type { Authenticator, ConnectedClient, Identity } from './engine/ports/authenticator.js';
export type { Broker } from './engine/ports/broker.js';
export type { ControlChannel } from './engine/ports/control-channel.js';
export type { Logger } from './engine/ports/logger.js';
export type { Observer } from './engine/ports/observer.js';
export type { Duration } from './engine/time/duration.js';
export type { ApiOptions } from './http/api/api.js';
export type { ConsoleOptions, ConsoleRequest } from './http/console/console.js';
export { FanfareError, type FanfareErrorCode } from './model/fanfare-error.js';
export type { Position } from './model/position.js';
export type { FanfareApp } from './server/app.js';
export type {
  AppMap,
  MapChangeOptions,
  MapEntry,
  MapPage,
  MapReadOptions,
  MapResult,
  MapSetOptions,
} from './server/app-map.js';
export type { AppStream, OpenStreamOptions, StreamSnapshot } from './server/app-stream.js';
export type {
  DisconnectOptions,
  HistoryEntry,
  HistoryReadOptions,
  HistoryResult,
  Member,
  PublishOptions,
  RefreshOptions,
  SubscribeOptions,
  TicketOptions,
  WatchedMessage,
} from './server/app-types.js';
export type { OneWayPaths, TransportPaths } from './server/client-transports.js';
export type { AttachOptions, DeflateOptions } from './server/deflate-options.js';
export { fanfare } from './server/fanfare.js';
export type { FetchOptions, HandoverOptions } from './server/handover-options.js';
export { type JwksOptions, type JwtKey, type JwtOptions, jwt } from './server/jwt.js';
export type { ListenAddress } from './server/listener.js';
export { memory } from './server/memory.js';
export type { BrokerFactory, FanfareOptions, Limits, MessageSender } from './server/options.js';
export type { AnyHttpServer, Certificate } from './server/own-server.js';
export type { CloseOptions, ListenOptions } from './server/serving.js';
export type { DurableStreamsOptions } from './transports/durable-streams/options.js';
