/** Formats for one-way consumers: server-sent events, lines of JSON, or messages with only the data. */

import { payloadText } from '../../model/payload.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import { clientInfoText } from '../../protocols/centrifugal/json-encode.js';

/** Events besides publications. */
type Notice =
  /** From here on all publications are live. */
  | { readonly kind: 'start'; readonly retryMs: number }
  /** Missed publications of a channel cannot be recovered: load its state again. */
  | { readonly kind: 'reset'; readonly channel: string }
  | { readonly kind: 'unsubscribed'; readonly channel: string; readonly code: number; readonly reason: string }
  /** The last event. */
  | { readonly kind: 'disconnect'; readonly code: number; readonly reason: string };

export interface OneWayStyle {
  /** Name of the transport. */
  readonly name: string;
  /** Represents a ping until it is framed. Never empty. */
  readonly ping: string;
  /** @param id the positions after it; may be empty */
  publication(channel: string, publication: Publication, id: string): string;
  /** Empty if the style cannot express it. */
  notice(notice: Notice, id: string): string;
  /** A join or leave. Empty if the style cannot express it. */
  traffic(kind: 'join' | 'leave', channel: string, info: ClientInfo, id: string): string;
}

function publicationText(channel: string, { data, info, tags }: Publication): string {
  const by = info === undefined ? '' : `,"info":${clientInfoText(info)}`;
  return `"channel":${JSON.stringify(channel)},"data":${payloadText(data)}${by}${tags === undefined ? '' : `,"tags":${JSON.stringify(tags)}`}`;
}

function trafficText(channel: string, info: ClientInfo): string {
  return `"channel":${JSON.stringify(channel)},"info":${clientInfoText(info)}`;
}

/** JSON contains no line feed, so one `data` line is one message. */
export const eventStyle: OneWayStyle = {
  name: 'one_way_sse',
  // Without a blank line, after which httpx-sse and r3labs/sse would report an empty event.
  ping: ':\n',
  publication: (channel, publication, id) => `${idLine(id)}data: {${publicationText(channel, publication)}}\n\n`,
  notice(notice, id) {
    // With a name and data: httpx-sse reports others as empty messages.
    if (notice.kind === 'start') return `${idLine(id)}retry: ${notice.retryMs}\nevent: start\ndata: {}\n\n`;
    const { kind, ...fields } = notice;
    return `${idLine(id)}event: ${kind}\ndata: ${JSON.stringify(fields)}\n\n`;
  },
  traffic: (kind, channel, info, id) => `${idLine(id)}event: ${kind}\ndata: {${trafficText(channel, info)}}\n\n`,
};

function idLine(id: string): string {
  return id === '' ? '' : `id: ${id}\n`;
}

export const lineStyle: OneWayStyle = {
  name: 'one_way_stream',
  ping: '\n',
  publication: (channel, publication, id) => `{${idField(id)}${publicationText(channel, publication)}}\n`,
  notice(notice, id) {
    if (notice.kind === 'start') return `{${idField(id)}"event":"start"}\n`;
    const { kind, ...fields } = notice;
    return `{${idField(id)}${JSON.stringify({ event: kind, ...fields }).slice(1)}\n`;
  },
  traffic: (kind, channel, info, id) => `{${idField(id)}"event":"${kind}",${trafficText(channel, info)}}\n`,
};

function idField(id: string): string {
  return id === '' ? '' : `"id":"${id}",`;
}

/** Cannot express anything but data, so missed publications are lost. */
export const dataStyle: OneWayStyle = {
  name: 'one_way_websocket',
  ping: '\n',
  publication: (_channel, { data }) => `${payloadText(data)}\n`,
  notice: () => '',
  traffic: () => '',
};
