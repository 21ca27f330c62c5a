/** The formats of an endless HTTP response: lines of JSON, messages of protobuf, and server-sent events. */

import type { Encoding, Framing } from '../../engine/ports/connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { centrifugalProtobuf } from '../../protocols/centrifugal/protobuf-protocol.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import { protobufType } from '../body-types.js';

export interface StreamFormat {
  /** Name of the transport. */
  readonly name: string;
  readonly methods: readonly string[];
  /** For clients whose frames are text. */
  readonly text: StreamCodec;
  /** For clients whose frames are bytes. Absent: there are none. */
  readonly binary?: StreamCodec;
}

/** How a response is written. */
export interface StreamCodec {
  readonly contentType: string;
  /** One object for all connections, since bytes are shared by its identity. */
  readonly encoding: Encoding;
  /** The first bytes of the body, which make proxies forward the headers. Clients skip them. Empty: only the headers. */
  readonly opening: Uint8Array;
}

/** Several messages are already several lines. */
const linesFraming: Framing = {
  name: 'lines',
  frame: (message: EncodedMessage) => Buffer.from(`${message}\n`),
};

/** Each message is behind its own length. */
const delimitedFraming: Framing = {
  name: 'delimited',
  // safe: a message of the binary protocol
  frame: (message: EncodedMessage) => message as Uint8Array,
};

/** One event per frame. A line feed in the frame starts another `data` line, which the browser joins again. */
const eventFraming: Framing = {
  name: 'event-stream',
  frame: (message: EncodedMessage) => Buffer.from(`data: ${String(message).replaceAll('\n', '\ndata: ')}\n\n`),
  joinedBytes: (payloadBytes, numMessages) => payloadBytes + numMessages * 'data: \n'.length + 1,
};

/** One encoding for all transports with lines, so that their connections share bytes. */
export const lines: Encoding = { protocol: centrifugalJson, framing: linesFraming };

/** Of the official SDK, which reads it with `fetch`. */
export const httpStream: StreamFormat = {
  name: 'http_stream',
  methods: ['POST'],
  text: {
    contentType: 'application/x-ndjson; charset=utf-8',
    encoding: lines,
    // A space and no line feed, since the SDK treats every line as a message.
    opening: Buffer.from(' '),
  },
  binary: {
    contentType: protobufType,
    encoding: { protocol: centrifugalProtobuf, framing: delimitedFraming },
    // Any byte would belong to a message.
    opening: new Uint8Array(),
  },
};

/** For the official SDK's `sse`, which reads it with `EventSource` and can therefore only GET. */
export const sse: StreamFormat = {
  name: 'sse',
  methods: ['GET', 'POST'],
  text: {
    contentType: 'text/event-stream; charset=utf-8',
    encoding: { protocol: centrifugalJson, framing: eventFraming },
    // A comment without a blank line, which httpx-sse and r3labs/sse would treat as the end of an event.
    opening: Buffer.from(':\n'),
  },
};
