/** The two formats of an endless HTTP response: lines of JSON, and server-sent events. */

import type { Encoding, Framing } from '../../engine/ports/connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import type { EncodedMessage } from '../../protocols/protocol.js';

export interface StreamFormat {
  /** Name of the transport. */
  readonly name: string;
  readonly contentType: string;
  /** Shared by all connections: its identity is the key of the bytes that they share. */
  readonly encoding: Encoding;
  /** The first bytes of the body: they make whoever is on the way pass on the headers. Clients skip them. */
  readonly opening: Uint8Array;
  readonly methods: readonly string[];
}

/** Several messages are several lines already. */
const linesFraming: Framing = {
  name: 'lines',
  frame: (message: EncodedMessage) => Buffer.from(`${message}\n`),
};

/** One event a frame. A line feed in it begins another `data` line, which the browser joins again. */
const eventFraming: Framing = {
  name: 'event-stream',
  frame: (message: EncodedMessage) => Buffer.from(`data: ${String(message).replaceAll('\n', '\ndata: ')}\n\n`),
  joinedBytes: (payloadBytes, numMessages) => payloadBytes + numMessages * 'data: \n'.length + 1,
};

/** Of every transport that carries lines: their connections share the bytes, too. */
export const lines: Encoding = { protocol: centrifugalJson, framing: linesFraming };

/** A JSON text a line, as the official SDK's `http_stream` reads it with `fetch`. */
export const httpStream: StreamFormat = {
  name: 'http_stream',
  contentType: 'application/x-ndjson; charset=utf-8',
  encoding: lines,
  // Blank, and no line feed: the SDK takes every line for a message.
  opening: Buffer.from(' '),
  methods: ['POST'],
};

/** As the official SDK's `sse` reads it with `EventSource`, which can only GET. */
export const sse: StreamFormat = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  encoding: { protocol: centrifugalJson, framing: eventFraming },
  // A comment, without a blank line: httpx-sse and r3labs/sse take that for the end of an event.
  opening: Buffer.from(':\n'),
  methods: ['GET', 'POST'],
};
