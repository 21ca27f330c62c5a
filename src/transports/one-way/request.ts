/** Reads the URL and headers of a one-way consumer. */

import { ticketPrefix } from '../../engine/auth/tickets.js';
import type { RequestHead } from '../../http/request-head.js';
import { parseChannelName } from '../../model/channel-name.js';
import type { Refusal } from '../refusal.js';
import { parsePositions } from './positions.js';
import type { Since } from './protocol.js';

export interface OneWayRequest {
  readonly channels: readonly string[];
  readonly since: Since;
  /** From the `Authorization` header, or a ticket. */
  readonly token: string | undefined;
  /** Without the ticket. */
  readonly url: string;
}

const bearer = /^bearer +(\S+)$/i;

/** `?channels=a,b` or `?channel=a&channel=b`, if the server grants none; `ticket`; `since` for `Last-Event-ID`. */
export function readOneWayRequest(request: RequestHead, maxChannels: number): OneWayRequest | Refusal {
  const { url = '/' } = request;
  const start = url.indexOf('?');
  const query = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const channels = new Set([
    ...query.getAll('channels').flatMap((list) => list.split(',')),
    ...query.getAll('channel'),
  ]);
  if (channels.size > maxChannels) return bad(`channels: at most ${maxChannels} names, with commas between`);
  for (const channel of channels) if (parseChannelName(channel) === undefined) return bad('channels: not a name');
  // Newer than the URL, which stays the same when an EventSource reconnects.
  const since = request.headers['last-event-id'] ?? query.get('since') ?? '';
  const token = tokenOf(request, query);
  if (typeof token === 'object') return token;
  query.delete('ticket');
  return {
    channels: [...channels],
    since: since === '' ? new Map() : (parsePositions(String(since)) ?? 'lost'),
    token,
    url: `${start === -1 ? url : url.slice(0, start)}?${query}`,
  };
}

function tokenOf(request: RequestHead, query: URLSearchParams): string | Refusal | undefined {
  const { authorization } = request.headers;
  const ticket = query.get('ticket');
  // B71: URLs appear in logs, histories and referrers.
  if (query.has('token')) return bad('a token is for the Authorization header, a URL takes a ticket');
  if (authorization === undefined) return ticket === null ? undefined : `${ticketPrefix}${ticket}`;
  if (ticket !== null) return bad('a token or a ticket, not both');
  const token = bearer.exec(authorization)?.[1];
  return token ?? { status: 401, message: 'Authorization: Bearer TOKEN', headers: { 'WWW-Authenticate': 'Bearer' } };
}

function bad(message: string): Refusal {
  return { status: 400, message };
}
