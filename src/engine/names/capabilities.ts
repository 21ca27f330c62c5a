/** What a token lets its bearer do beyond the channel rules: channel names or wildcards, times actions. */

import * as v from 'valibot';
import type { ChannelName } from '../../model/channel-name.js';
import { Wildcard } from './wildcard.js';

/** What can be done with a channel. */
export type ChannelAction = 'subscribe' | 'publish' | 'presence' | 'history';

export interface Capability {
  readonly channels: readonly Wildcard[];
  readonly allow: readonly ChannelAction[];
}

const actionOfCode = { sub: 'subscribe', pub: 'publish', prs: 'presence', hst: 'history' } as const;
/** A token is read with every connect; what it can make the server do is bounded. */
const maxEntries = 64;

const claim = v.pipe(
  v.array(
    v.object({
      channels: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(maxEntries)),
      /** Absent: the names are meant literally. Regular expressions are not accepted: they can take for ever. */
      match: v.optional(v.literal('wildcard')),
      allow: v.array(v.picklist(['sub', 'pub', 'prs', 'hst'])),
    }),
  ),
  v.maxLength(maxEntries),
);

/**
 * Reads a `caps` claim: `[{ "channels": ["news:*"], "match": "wildcard", "allow": ["sub", "hst"] }]`.
 *
 * @throws Error when it is anything else
 */
export function parseCapabilities(value: unknown): Capability[] {
  return v.parse(claim, value).map(({ channels, match, allow }) => ({
    channels: channels.map((text) => (match === 'wildcard' ? new Wildcard(text) : Wildcard.literal(text))),
    allow: allow.map((code) => actionOfCode[code]),
  }));
}

export function isCapable(capabilities: readonly Capability[], action: ChannelAction, channel: ChannelName): boolean {
  return capabilities.some(
    ({ channels, allow }) => allow.includes(action) && channels.some((wildcard) => wildcard.matches(channel)),
  );
}
