/** The body that the official SDK posts for each frame, in both codecs. */

import { ProtobufFault, ProtobufReader, wireTypes } from '../../protocols/centrifugal/protobuf-reader.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import { fieldsOf } from '../json-fields.js';

export interface EmulationRequest {
  readonly session: string;
  readonly node: string;
  /** A frame of commands. */
  readonly data: EncodedMessage;
}

/** `undefined` for an invalid request. */
export function decodeEmulation(body: EncodedMessage): EmulationRequest | undefined {
  return typeof body === 'string' ? fromJson(body) : fromProtobuf(body);
}

function fromJson(text: string): EmulationRequest | undefined {
  const { session, node, data } = fieldsOf(text) ?? {};
  if (typeof session !== 'string' || typeof node !== 'string' || typeof data !== 'string') return undefined;
  return { session, node, data };
}

/** The tags of the fields of EmulationRequest in client.proto of centrifugal/protocol. */
const tags = {
  node: (1 << 3) | wireTypes.bytes,
  session: (2 << 3) | wireTypes.bytes,
  data: (3 << 3) | wireTypes.bytes,
};

/** A field that comes again replaces the first. Without a session, a node or data it is no request. */
function fromProtobuf(bytes: Uint8Array): EmulationRequest | undefined {
  let [session, node] = ['', ''];
  let data: Uint8Array = new Uint8Array();
  try {
    const reader = new ProtobufReader(bytes);
    while (!reader.isAtEnd) {
      const tag = reader.tag();
      if (tag === tags.node) node = reader.text();
      else if (tag === tags.session) session = reader.text();
      else if (tag === tags.data) data = reader.bytes();
      else if (tag >>> 3 <= 3) return undefined;
      else reader.skip(tag & 7);
    }
  } catch (fault) {
    if (!(fault instanceof ProtobufFault)) throw fault;
    return undefined;
  }
  return session === '' || node === '' || data.length === 0 ? undefined : { session, node, data };
}
