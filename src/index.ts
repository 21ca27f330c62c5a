/** `fanfare`: the server as a library. */

export type { Authenticator, Identity } from './engine/auth/authenticator.js';
export type { AuthFunction, AuthGrant, AuthRequest } from './engine/auth/function-auth.js';
export { type JwtOptions, jwt } from './engine/auth/jwt.js';
export type { Broker } from './engine/broker.js';
export {
  type ChannelDeclaration,
  type ChannelOptions,
  channel,
  type PermissionContext,
  type PublishContext,
  type SubscribeContext,
  type SubscribeGrant,
} from './engine/channel-options.js';
export { type RpcContext, type RpcDeclaration, type RpcOptions, rpc } from './engine/rpc-options.js';
export { FanfareError, type FanfareErrorCode } from './model/fanfare-error.js';
export type {
  FanfareApp,
  HistoryEntry,
  HistoryReadOptions,
  HistoryResult,
  ListenOptions,
  Member,
  PublishOptions,
} from './server/app.js';
export { fanfare } from './server/fanfare.js';
export { memory } from './server/memory.js';
export type { BrokerFactory, FanfareOptions, Limits, MessageSender } from './server/options.js';
