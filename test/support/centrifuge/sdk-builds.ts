/** The two builds of the official client, whose data is JSON in both. */

import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

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

/** A client of a build that connects to this port and comes back quickly; disconnected when the test has finished. */
export function quickSdk({ Client }: SdkBuild, port: number): Centrifuge {
  const client = new Client(`ws://127.0.0.1:${port}/connection/websocket`, {
    websocket: WebSocket,
    minReconnectDelay: 1,
    maxReconnectDelay: 5,
  });
  onTestFinished(() => client.disconnect());
  client.connect();
  return client;
}
