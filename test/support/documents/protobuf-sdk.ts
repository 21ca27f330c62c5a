/** The protobuf codec of the official JavaScript SDK, as an oracle. */

import { Centrifuge } from 'centrifuge/build/protobuf';

interface SdkReply {
  readonly id?: number;
  readonly push?: { readonly pub?: { readonly data?: Uint8Array; readonly offset?: unknown } };
}

interface SdkCodec {
  decodeReplies(frame: string | Uint8Array): SdkReply[];
}

/** The SDK has it in a private field. */
function codecOf(): SdkCodec {
  const client = new Centrifuge('ws://127.0.0.1:1', { websocket: class {} });
  // safe: the field is there in 5.8.0, which package.json asks for; otherwise the tests fail
  return (client as unknown as { _codec: SdkCodec })._codec;
}

export const protobufSdk: SdkCodec = codecOf();
