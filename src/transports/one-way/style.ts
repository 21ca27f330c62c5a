/** How one-way consumers are told things: server-sent events, lines of JSON, or messages that are nothing but the data. */

import { payloadJson } from '../../model/payload.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import { clientInfoText } from '../../protocols/centrifugal/json-encode.js';

/** What happens beside publications. */
type Notice =
  /** From here on it is complete. */
  | { readonly kind: 'start'; readonly retryMs: number }
  /** What was published meanwhile in a channel cannot be had: load its state anew. */
  | { readonly kind: 'reset'; readonly channel: string }
  | { readonly kind: 'unsubscribed'; readonly channel: string; readonly code: number; readonly reason: string }
  /** Nothing more comes. */
  | { readonly kind: 'disconnect'; readonly code: number; readonly reason: string };

export interface OneWayStyle {
  /** Name of the transport. */
  readonly name: string;
  /** Stands for a ping until it is framed. Never empty. */
  readonly ping: string;
  /** @param id position after it; empty without any */
  publication(channel: string, publication: Publication, id: string): string;
  /** Empty when the style has no word for it. */
  notice(notice: Notice, id: string): string;
  /** Somebody came or went. Empty when the style has no word for it. */
  traffic(kind: 'join' | 'leave', channel: string, info: ClientInfo, id: string): string;
}

function publicationText(channel: string, { data, info, tags }: Publication): string {
  const by = info === undefined ? '' : `,"info":${clientInfoText(info)}`;
  return `"channel":${JSON.stringify(channel)},"data":${payloadJson(data)}${by}${tags === undefined ? '' : `,"tags":${JSON.stringify(tags)}`}`;
}

function trafficText(channel: string, info: ClientInfo): string {
  return `"channel":${JSON.stringify(channel)},"info":${clientInfoText(info)}`;
}

/** JSON has no line feed in it, so one `data` line is one message. */
export const eventStyle: OneWayStyle = {
  name: 'one_way_sse',
  // A lone line: with a blank one behind it, httpx-sse and r3labs/sse hand out an empty event.
  ping: ':\n',
  publication: (channel, publication, id) => `${idLine(id)}data: {${publicationText(channel, publication)}}\n\n`,
  notice(notice, id) {
    // An event with a name and data: what has none reaches httpx-sse's users as an empty message.
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

/** Has no place for anything else: what is missed is missed. */
export const dataStyle: OneWayStyle = {
  name: 'one_way_websocket',
  ping: '\n',
  publication: (_channel, { data }) => `${payloadJson(data)}\n`,
  notice: () => '',
  traffic: () => '',
};
