/**
 * `fanfare/react`: hooks for `fanfare/client`.
 *
 * @module fanfare/react
 */

export type { ChannelSnapshot } from '../client/channel-store.js';
export {
  type ChannelView,
  createFanfare,
  type FanfareHooks,
  type MapView,
  type PresenceView,
  type StreamView,
  type UseChannelOptions,
  type UsePresenceOptions,
} from './create-fanfare.js';
export type { MapSnapshot } from './map-store.js';
export type { PresenceSnapshot } from './presence-store.js';
export type { StreamSnapshot } from './stream-store.js';
