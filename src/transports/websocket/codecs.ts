/** The codecs of the two-way protocol over WebSocket, and how a client asks for one. */

import type { Encoding, Framing } from '../../engine/ports/connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { centrifugalProtobuf } from '../../protocols/centrifugal/protobuf-protocol.js';
import { websocketFraming } from './framing.js';

/** By subprotocol. One object per codec and framing for all connections, since bytes are shared by its identity. */
export type Encodings = Readonly<Record<string, Encoding>>;

export function encodingsWith(framing: Framing): Encodings {
  return {
    'centrifuge-json': { protocol: centrifugalJson, framing },
    'centrifuge-protobuf': { protocol: centrifugalProtobuf, framing },
  };
}

const plainEncodings = encodingsWith(websocketFraming);

/** Confirmed if a client offers one; of several, the first that it offers. */
export const codecSubprotocols: readonly string[] = Object.keys(plainEncodings);

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

/**
 * @param subprotocol one of {@link codecSubprotocols}
 * @param encodings default: without compression
 */
export function encodingOf(subprotocol: string, encodings = plainEncodings): Encoding {
  // safe: one of the keys
  return encodings[subprotocol] as Encoding;
}
