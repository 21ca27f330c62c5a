/**
 * The protobuf build of the official client, whose data is bytes, for tests whose data is JSON: what applications do with
 * such data, encode and parse it, is done around its codec. Nothing else of the client changes. Runs in a page, too.
 */

import type { Centrifuge } from 'centrifuge';
import type { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';

export type Fields = Record<string, unknown>;

export interface SdkCodec {
  encodeCommands(commands: readonly Fields[]): Uint8Array;
  encodeEmulationRequest(request: Fields): Uint8Array;
  decodeReplies(frame: ArrayBuffer | Uint8Array): Fields[];
  /** Makes the data of a publication of a subscription with deltas. */
  applyDeltaIfNeeded(publication: Fields, base: Uint8Array | undefined): { readonly newData: unknown };
}

/** Fields of bytes, wherever they are. */
const dataNames = ['data', 'conn_info', 'chan_info'];

/** Declared twice, the class of one build is not that of the other. */
type ProtobufClient = ProtobufCentrifuge | Centrifuge;

/** The codec of the protobuf build, which it has in a private field. */
export function codecOf(client: ProtobufClient): SdkCodec {
  // safe: the field is there in 5.8.0, which package.json asks for; otherwise the tests fail
  return (client as unknown as { readonly _codec: SdkCodec })._codec;
}

/** The client, with the interface of the build that speaks JSON. */
export function withJsonData(client: ProtobufClient): Centrifuge {
  const codec = codecOf(client);
  const { encodeCommands, decodeReplies, applyDeltaIfNeeded } = codec;
  codec.encodeCommands = (commands) => encodeCommands.call(codec, commands.map(withBytes));
  codec.decodeReplies = (frame) => {
    const replies = decodeReplies.call(codec, frame);
    for (const reply of replies) parseWithin(reply);
    return replies;
  };
  codec.applyDeltaIfNeeded = (publication, base) => {
    const asItCame = { ...publication, data: bytesOf.get(publication) ?? publication.data };
    const made = applyDeltaIfNeeded.call(codec, asItCame, base);
    // safe: bytes, in this build
    return { ...made, newData: parsed(made.newData as Uint8Array) };
  };
  // safe: both builds are one class, with another codec; otherwise the scenarios fail
  return client as unknown as Centrifuge;
}

/** A copy whose data is bytes. */
export function withBytes(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (dataNames.includes(name) && value !== undefined) return [name, new TextEncoder().encode(JSON.stringify(value))];
    return [name, isMessage(value) ? withBytes(value) : value];
  });
  return Object.fromEntries(entries);
}

/** What data was parsed from, for subscriptions with deltas, whose base it is. */
const bytesOf = new WeakMap<Fields, Uint8Array>();

function parsed(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}

/** Parses data in place: a message has the values of absent fields from its prototype, and has to keep them. */
export function parseWithin(message: Fields): void {
  for (const name of dataNames) {
    if (!(name in message)) continue;
    // A delta is no JSON.
    if (message.delta === true) continue;
    const bytes = message[name] as Uint8Array; // safe: the field's type
    if (name === 'data') bytesOf.set(message, bytes);
    message[name] = parsed(bytes);
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
