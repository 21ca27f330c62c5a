/** Pushes of the server. */

import type { Disconnect, Unsubscribe } from './codes.js';
import type { Payload } from './payload.js';
import type { ClientInfo, Publication } from './publication.js';

/** The state of a server-side subscription when it begins. */
export interface SubscribePush {
  readonly recoverable: boolean;
  readonly positioned: boolean;
  readonly epoch: string;
  readonly offset: number;
  readonly data?: Payload;
}

export type Push =
  | { readonly kind: 'publication'; readonly channel: string; readonly publication: Publication }
  | { readonly kind: 'join'; readonly channel: string; readonly info: ClientInfo }
  | { readonly kind: 'leave'; readonly channel: string; readonly info: ClientInfo }
  | { readonly kind: 'unsubscribe'; readonly channel: string; readonly unsubscribe: Unsubscribe }
  | { readonly kind: 'subscribe'; readonly channel: string; readonly subscribe: SubscribePush }
  | { readonly kind: 'message'; readonly data: Payload }
  | { readonly kind: 'refresh'; readonly ttlSec?: number }
  | { readonly kind: 'disconnect'; readonly disconnect: Disconnect };
