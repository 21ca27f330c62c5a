/**
 * The protobuf build of the official client, whose data is bytes, for scenarios whose data is JSON: what applications
 * do with such data, encode and parse it, is done around its codec. Nothing else of the client changes.
 */

import type { Centrifuge, Options, TransportEndpoint } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';

type Fields = Record<string, unknown>;

interface SdkCodec {
  encodeCommands(commands: Fields[]): Uint8Array;
  decodeReplies(frame: ArrayBuffer | Uint8Array): Fields[];
}

/** Fields of bytes, wherever they are. */
const dataNames = ['data', 'conn_info', 'chan_info'];

/** A client that speaks protobuf, with the interface of the one that speaks JSON. */
export function newProtobufClient(endpoint: string | TransportEndpoint[], options?: Partial<Options>): Centrifuge {
  // safe: both builds are one class, with another codec in this field (5.8.0); otherwise the scenarios fail
  const client = new ProtobufCentrifuge(endpoint, options) as unknown;
  const { _codec: codec } = client as { readonly _codec: SdkCodec };
  const { encodeCommands, decodeReplies } = codec;
  codec.encodeCommands = (commands) => encodeCommands.call(codec, commands.map(toBytes));
  codec.decodeReplies = (frame) => {
    const replies = decodeReplies.call(codec, frame);
    for (const reply of replies) parseWithin(reply);
    return replies;
  };
  return client as Centrifuge;
}

function toBytes(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (dataNames.includes(name) && value !== undefined) return [name, Buffer.from(JSON.stringify(value))];
    return [name, isMessage(value) ? toBytes(value) : value];
  });
  return Object.fromEntries(entries);
}

/** In place: a message has the values of absent fields from its prototype, and has to keep them. */
function parseWithin(message: Fields): void {
  for (const name of dataNames) {
    if (!(name in message)) continue;
    const bytes = message[name] as Uint8Array; // safe: the field's type
    message[name] = bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes).toString());
  }
  for (const [name, value] of Object.entries(message)) {
    if (dataNames.includes(name)) continue;
    const inner = Array.isArray(value) ? value : [value];
    for (const one of inner) if (isMessage(one)) parseWithin(one);
  }
}

function isMessage(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
