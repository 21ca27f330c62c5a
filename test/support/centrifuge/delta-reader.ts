/** The chain of deltas of one subscription, decoded by the official client's own code. */

import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';

interface SdkPublication {
  readonly data?: unknown;
  readonly delta?: boolean;
}

interface SdkCodec {
  applyDeltaIfNeeded(
    publication: SdkPublication,
    base: Uint8Array | undefined,
  ): { readonly newData: unknown; readonly newPrevValue: Uint8Array };
}

/** Each build of the SDK has its codec in a private field. */
function codecOf(Client: typeof Centrifuge | typeof ProtobufCentrifuge): SdkCodec {
  const client = new Client('ws://127.0.0.1:1', { websocket: class {} });
  // safe: the field is there in 5.8.0, which package.json asks for; otherwise the tests fail
  return (client as unknown as { _codec: SdkCodec })._codec;
}

const codecs = { json: codecOf(Centrifuge), protobuf: codecOf(ProtobufCentrifuge) };

export class DeltaReader {
  readonly #codec: SdkCodec;
  #base: Uint8Array | undefined;
  numDeltas = 0;

  constructor(codec: keyof typeof codecs = 'json') {
    this.#codec = codecs[codec];
  }

  /**
   * The data as the application gets it: a value in JSON, bytes in protobuf.
   *
   * @throws Error for a delta that is damaged, or refers to other data than the publication before
   */
  read(publication: SdkPublication): unknown {
    const { newData, newPrevValue } = this.#codec.applyDeltaIfNeeded(publication, this.#base);
    this.#base = newPrevValue;
    if (publication.delta) this.numDeltas++;
    return newData;
  }
}
