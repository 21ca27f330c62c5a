/** How one-way consumers are told things: server-sent events, lines of JSON, or messages that are nothing but the data. */

import type { Publication } from '../../model/publication.js';
import { clientInfoText } from '../../protocols/centrifugal/json-encode.js';

/** What happens beside publications. */
export type Notice =
  /** From here on it is complete. */
  | { readonly kind: 'start' }
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
}

function publicationText(channel: string, { data, info, tags }: Publication): string {
  const by = info === undefined ? '' : `,"info":${clientInfoText(info)}`;
  return `"channel":${JSON.stringify(channel)},"data":${data}${by}${tags === undefined ? '' : `,"tags":${JSON.stringify(tags)}`}`;
}

/** JSON has no line feed in it, so one `data` line is one message. */
export const eventStyle: OneWayStyle = {
  name: 'one_way_sse',
  ping: ':\n\n',
  publication: (channel, publication, id) => `${idLine(id)}data: {${publicationText(channel, publication)}}\n\n`,
  notice({ kind, ...fields }, id) {
    // An event of an id alone: the browser keeps it and tells the page nothing.
    if (kind === 'start') return id === '' ? '' : `${idLine(id)}\n`;
    return `${idLine(id)}event: ${kind}\ndata: ${JSON.stringify(fields)}\n\n`;
  },
};

function idLine(id: string): string {
  return id === '' ? '' : `id: ${id}\n`;
}

export const lineStyle: OneWayStyle = {
  name: 'one_way_stream',
  ping: '\n',
  publication: (channel, publication, id) => `{${idField(id)}${publicationText(channel, publication)}}\n`,
  notice: ({ kind, ...fields }, id) => {
    const event = JSON.stringify({ event: kind, ...fields });
    return `{${idField(id)}${event.slice(1)}\n`;
  },
};

function idField(id: string): string {
  return id === '' ? '' : `"id":"${id}",`;
}

/** Has no place for anything else: what is missed is missed. */
export const dataStyle: OneWayStyle = {
  name: 'one_way_websocket',
  ping: '\n',
  publication: (_channel, { data }) => `${data}\n`,
  notice: () => '',
};
