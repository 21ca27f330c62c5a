/** Permissions of a token beyond the channel rules: channel names or wildcards, and actions. */

import * as v from 'valibot';
import type { ChannelName } from '../../model/channel-name.js';
import { Wildcard } from './wildcard.js';

/** What a client can do with a channel. */
export type ChannelAction = CapableAction | 'cancel';

/** What a token can allow. */
type CapableAction = 'subscribe' | 'publish' | 'presence' | 'history';

export interface Capability {
  readonly channels: readonly Wildcard[];
  readonly allow: readonly CapableAction[];
}

const actionOfCode = { sub: 'subscribe', pub: 'publish', prs: 'presence', hst: 'history' } as const;
/** Bounds the work that a token causes with every connect. */
const maxEntries = 64;

const claim = v.pipe(
  v.array(
    v.object({
      channels: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(maxEntries)),
      /** Absent: names are literal. Regular expressions are not accepted, since matching one can take forever. */
      match: v.optional(v.literal('wildcard')),
      allow: v.array(v.picklist(['sub', 'pub', 'prs', 'hst'])),
    }),
  ),
  v.maxLength(maxEntries),
);

/**
 * Decodes a `caps` claim: `[{ "channels": ["news:*"], "match": "wildcard", "allow": ["sub", "hst"] }]`.
 *
 * @throws Error for anything else
 */
export function parseCapabilities(value: unknown): Capability[] {
  return v.parse(claim, value).map(({ channels, match, allow }) => ({
    channels: channels.map((text) => (match === 'wildcard' ? new Wildcard(text) : Wildcard.literal(text))),
    allow: allow.map((code) => actionOfCode[code]),
  }));
}

export function isCapable(capabilities: readonly Capability[], action: ChannelAction, channel: ChannelName): boolean {
  return capabilities.some(
    ({ channels, allow }) =>
      allow.some((allowed) => allowed === action) && channels.some((wildcard) => wildcard.matches(channel)),
  );
}
