/** The positions of a one-way client as one text: the id of an event, and `Last-Event-ID` when it reconnects. */

import type { Position } from '../../model/position.js';

/** Positions by channel. */
export type Positions = ReadonlyMap<string, Position>;

/** Longer texts are not from this server. */
const maxLength = 16_384;
const position = /^(\d{1,16})\.([\w-]{1,64})$/;

/** `chat%3Alobby=5.epoch&news=7.epoch`: printable ASCII, whatever the names of the channels. */
export function formatPositions(positions: Positions): string {
  return [...positions].map(([channel, at]) => `${encodeURIComponent(channel)}=${at.offset}.${at.epoch}`).join('&');
}

/**
 * Parses an id from the client, which is not trusted: each part is checked, and `undefined` means that this server has
 * not written it. The channel's history decides whether a position exists.
 */
export function parsePositions(text: string): Positions | undefined {
  if (text.length > maxLength) return undefined;
  const positions = new Map<string, Position>();
  for (const part of text.split('&')) {
    const [name = '', at = '', ...more] = part.split('=');
    const [, digits, epoch] = position.exec(at) ?? [];
    const channel = decoded(name);
    const offset = Number(digits);
    if (channel === undefined || epoch === undefined || more.length > 0) return undefined;
    if (!Number.isSafeInteger(offset) || positions.has(channel)) return undefined;
    positions.set(channel, { offset, epoch });
  }
  return positions;
}

function decoded(name: string): string | undefined {
  try {
    return name === '' ? undefined : decodeURIComponent(name);
  } catch {
    // Not percent-encoded UTF-8.
    return undefined;
  }
}
