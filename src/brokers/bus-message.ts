/** Publications, joins and leaves as they are stored and sent through Redis and NATS. */

import * as v from 'valibot';
import { clientInfoSchema, tagsSchema, traceSchema } from '../engine/channels/publication-schemas.js';
import type { BrokerEvents } from '../engine/ports/broker.js';
import type { ChannelName } from '../model/channel-name.js';
import { trustedJsonText } from '../model/json-text.js';
import { isBytes, payloadFromText, payloadText } from '../model/payload.js';
import { type ClientInfo, type NewPublication, type Publication, publicationAt } from '../model/publication.js';

/** A message for a channel's subscribers, for any broker. */
export type ChannelMessage =
  | { readonly kind: 'publication'; readonly publication: Publication; readonly epoch: string }
  | { readonly kind: 'join' | 'leave'; readonly info: ClientInfo };

export function deliver(events: BrokerEvents | undefined, channel: ChannelName, message: ChannelMessage): void {
  if (message.kind === 'publication') events?.onPublication(channel, message.publication, message.epoch);
  else if (message.kind === 'join') events?.onJoin(channel, message.info);
  else events?.onLeave(channel, message.info);
}

/** Versions that do not know a field leave it out: bytes are base64 in quotes, which is data for them too. */
const envelope = v.object({
  bytes: v.exactOptional(v.literal(true)),
  info: v.exactOptional(clientInfoSchema),
  key: v.exactOptional(v.string()),
  removed: v.exactOptional(v.literal(true)),
  tags: v.exactOptional(tagsSchema),
  trace: v.exactOptional(traceSchema),
});

/** The {@link headOf} a publication, then its data unchanged. */
export function encodePublication(publication: NewPublication): string {
  return headOf(publication) + payloadText(publication.data);
}

/** All but the data: the length of the other fields' JSON, a colon, and that JSON. Mostly there are none: `0:`. */
export function headOf({ data, info, key, removed, tags, trace }: NewPublication): string {
  const bytes = isBytes(data) || undefined;
  const isPlain = info === undefined && tags === undefined && trace === undefined && key === undefined;
  if (isPlain && bytes === undefined) return '0:';
  const rest = JSON.stringify({ bytes, info, key, removed, tags, trace });
  return `${rest.length}:${rest}`;
}

/** @throws Error for a text that {@link encodePublication} has not made */
export function decodePublication(text: string): NewPublication {
  const colon = text.indexOf(':');
  const length = Number(text.slice(0, colon));
  if (colon < 1 || !Number.isSafeInteger(length) || length < 0) throw new Error('not a stored publication');
  if (colon + 1 + length >= text.length) throw new Error('a stored publication without data');
  const data = trustedJsonText(text.slice(colon + 1 + length));
  if (length === 0) return { data };
  const { bytes = false, ...rest } = v.parse(envelope, JSON.parse(text.slice(colon + 1, colon + 1 + length)));
  return { data: payloadFromText(data, bytes), ...rest };
}

export function encodeAnnouncement(event: 'join' | 'leave', info: ClientInfo): string {
  return `${event === 'join' ? 'j' : 'l'}${encodeMember(info)}`;
}

export function encodeMember(info: ClientInfo): string {
  return JSON.stringify(info);
}

/** @throws Error for a text that {@link encodeMember} has not made */
export function decodeMember(text: string): ClientInfo {
  return v.parse(clientInfoSchema, JSON.parse(text));
}

/** @throws Error for a text that no node of this version has sent */
export function decodeMessage(text: string): ChannelMessage {
  const [kind] = text;
  if (kind === 'j' || kind === 'l') {
    return { kind: kind === 'j' ? 'join' : 'leave', info: decodeMember(text.slice(1)) };
  }
  const afterOffset = text.indexOf(':');
  const afterEpoch = text.indexOf(':', afterOffset + 1);
  const offset = Number(text.slice(1, afterOffset));
  // Nothing and a sign are numbers, too.
  const isOffset = afterOffset > 1 && text[1] !== '-' && Number.isSafeInteger(offset);
  if (kind !== 'p' || afterEpoch === -1 || !isOffset) throw new Error('not a message of a node');
  return {
    kind: 'publication',
    publication: publicationAt(decodePublication(text.slice(afterEpoch + 1)), offset),
    epoch: text.slice(afterOffset + 1, afterEpoch),
  };
}
