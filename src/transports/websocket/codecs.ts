/** The codecs of the two-way protocol over WebSocket, and how a client asks for one. */

import type { Encoding } from '../../engine/ports/connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { centrifugalProtobuf } from '../../protocols/centrifugal/protobuf-protocol.js';
import { websocketFraming } from './framing.js';

/** By subprotocol. One object per codec for all connections, since bytes are shared by its identity. */
const encodings: Readonly<Record<string, Encoding>> = {
  'centrifuge-json': { protocol: centrifugalJson, framing: websocketFraming },
  'centrifuge-protobuf': { protocol: centrifugalProtobuf, framing: websocketFraming },
};

/** Confirmed if a client offers one; of several, the first that it offers. */
export const codecSubprotocols: readonly string[] = Object.keys(encodings);

/** Parameters that older SDKs have in their URL; `protobuf` is the only value with a meaning. */
const codecParameters = ['format', 'cf_protocol'];

/** The subprotocol for which the URL stands: it counts for a client that has agreed on none. Default: JSON. */
export function codecOfUrl(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return 'centrifuge-json';
  const query = new URLSearchParams(url.slice(start + 1));
  const isProtobuf = codecParameters.some((name) => query.get(name) === 'protobuf');
  return isProtobuf ? 'centrifuge-protobuf' : 'centrifuge-json';
}

/** @param subprotocol one of {@link codecSubprotocols} */
export function encodingOf(subprotocol: string): Encoding {
  // safe: one of the keys
  return encodings[subprotocol] as Encoding;
}
