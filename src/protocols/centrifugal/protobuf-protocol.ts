/** The Centrifugal client protocol v2 in its protobuf codec: each message behind its length. */

import type { EncodedMessage, Protocol } from '../protocol.js';
import { decodeProtobufFrame } from './protobuf-decode.js';
import { encodeProtobufPush, encodeProtobufReply } from './protobuf-encode.js';

/** A reply with no fields, of length 0. */
const ping = Uint8Array.of(0);

export const centrifugalProtobuf: Protocol = {
  name: 'centrifugal-protobuf',
  carriesBytes: true,
  decode: decodeProtobufFrame,
  encodeReply: encodeProtobufReply,
  // The official JavaScript SDK (5.8.0) drops all pushes with a number: it compares objects of 64-bit numbers by identity.
  hasChannelIds: false,
  encodePush: encodeProtobufPush,
  encodePing: () => ping,
  // safe: all messages are from the functions above
  join: (messages: readonly EncodedMessage[]) => Buffer.concat(messages as readonly Uint8Array[]),
};
