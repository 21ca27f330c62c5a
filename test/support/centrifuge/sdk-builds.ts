/** The two builds of the official client, whose data is JSON in both. */

import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';

export interface SdkBuild {
  readonly Client: typeof Centrifuge;
  value(data: unknown): unknown;
}

export const sdkBuilds = {
  JSON: { Client: Centrifuge, value: (data: unknown) => data },
  protobuf: {
    // safe: both builds are one class, with another codec
    Client: ProtobufCentrifuge as unknown as typeof Centrifuge,
    // safe: bytes, in this build
    value: (data: unknown) => JSON.parse(Buffer.from(data as Uint8Array).toString()),
  },
} satisfies Readonly<Record<string, SdkBuild>>;
