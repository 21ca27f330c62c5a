/** What has happened in a channel, for its subscribers: each connection gets it in a visit of its own. */

import type { ChannelName } from '../model/channel-name.js';
import type { ClientInfo, Publication } from '../model/publication.js';

export type Delivery = KeptDelivery | LateDelivery | LiveDelivery;

/** What is in the channel's stream: a visit brings it along, for a session that is read back with it. */
export type StreamDelivery = KeptDelivery | LateDelivery;

/** It is at hand. */
export interface KeptDelivery {
  readonly kind: 'kept';
  readonly channel: ChannelName;
  readonly publication: Publication;
  readonly epoch: string;
  /** See `LateChannels`. */
  readonly mark: string;
}

/** Somebody else has stored it, and perhaps not delivered it: it has to be read. */
export interface LateDelivery {
  readonly kind: 'late';
  readonly channel: ChannelName;
  /** As above. Absent: whoever delivers it knows which marks there are. */
  readonly mark?: string;
}

/** Nobody can read it anywhere. */
export type LiveDelivery = { readonly channel: ChannelName } & (
  | { readonly kind: 'publication'; readonly publication: Publication }
  | { readonly kind: 'join' | 'leave'; readonly info: ClientInfo }
);
