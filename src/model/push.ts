/** Pushes of the server. */

import type { Disconnect, Unsubscribe } from './codes.js';
import type { JsonPayload } from './payload.js';
import type { ClientInfo, Publication } from './publication.js';

/** The state of a server-side subscription when it begins. */
export interface SubscribePush {
  readonly recoverable: boolean;
  readonly positioned: boolean;
  readonly epoch: string;
  readonly offset: number;
  readonly data?: JsonPayload;
}

export interface PublicationPush extends ChannelPush {
  readonly kind: 'publication';
  readonly publication: Publication;
  /** Absent: the subscriber has not agreed on deltas. */
  readonly delta?: DeltaData;
}

export interface TrafficPush extends ChannelPush {
  readonly kind: 'join' | 'leave';
  readonly info: ClientInfo;
}

interface ChannelPush {
  readonly channel: string;
  /** Sent instead of the channel's name, to a subscriber that was told the number. */
  readonly channelId?: number;
}

/**
 * What a subscriber that has agreed on deltas gets: the whole data, from which it can go on, or the difference to the data
 * of the publication before, in the format of Fossil and in UTF-8.
 */
export type DeltaData = 'whole' | Uint8Array;

export type Push =
  | PublicationPush
  | TrafficPush
  | { readonly kind: 'unsubscribe'; readonly channel: string; readonly unsubscribe: Unsubscribe }
  | { readonly kind: 'subscribe'; readonly channel: string; readonly subscribe: SubscribePush }
  | { readonly kind: 'message'; readonly data: JsonPayload }
  | { readonly kind: 'refresh'; readonly ttlSec?: number }
  | { readonly kind: 'disconnect'; readonly disconnect: Disconnect };
