/** The two formats of an endless HTTP response: lines of JSON, and server-sent events. */

import type { Encoding, Framing } from '../../engine/ports/connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import type { EncodedMessage } from '../../protocols/protocol.js';

export interface StreamFormat {
  /** Name of the transport. */
  readonly name: string;
  readonly contentType: string;
  /** One object for all connections, since bytes are shared by its identity. */
  readonly encoding: Encoding;
  /** The first bytes of the body, which make proxies forward the headers. Clients skip them. */
  readonly opening: Uint8Array;
  readonly methods: readonly string[];
}

/** Several messages are already several lines. */
const linesFraming: Framing = {
  name: 'lines',
  frame: (message: EncodedMessage) => Buffer.from(`${message}\n`),
};

/** One event per frame. A line feed in the frame starts another `data` line, which the browser joins again. */
const eventFraming: Framing = {
  name: 'event-stream',
  frame: (message: EncodedMessage) => Buffer.from(`data: ${String(message).replaceAll('\n', '\ndata: ')}\n\n`),
  joinedBytes: (payloadBytes, numMessages) => payloadBytes + numMessages * 'data: \n'.length + 1,
};

/** One encoding for all transports with lines, so that their connections share bytes. */
export const lines: Encoding = { protocol: centrifugalJson, framing: linesFraming };

/** One JSON text per line, as the official SDK's `http_stream` reads it with `fetch`. */
export const httpStream: StreamFormat = {
  name: 'http_stream',
  contentType: 'application/x-ndjson; charset=utf-8',
  encoding: lines,
  // A space and no line feed, since the SDK treats every line as a message.
  opening: Buffer.from(' '),
  methods: ['POST'],
};

/** For the official SDK's `sse`, which reads it with `EventSource` and can therefore only GET. */
export const sse: StreamFormat = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  encoding: { protocol: centrifugalJson, framing: eventFraming },
  // A comment without a blank line, which httpx-sse and r3labs/sse would treat as the end of an event.
  opening: Buffer.from(':\n'),
  methods: ['GET', 'POST'],
};
