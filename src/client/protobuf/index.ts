/**
 * `fanfare/client/protobuf`: the protobuf codec for `connect()`, in a bundle of its own.
 *
 * @module fanfare/client/protobuf
 */

import { Centrifuge, type Options, type TransportEndpoint } from 'centrifuge';
import type { Codec } from '../codec.js';
import { SdkCodec } from './sdk-codec.js';

/** The SDK's own build for protobuf replaces this field, too. Data stays JSON, so both codecs have one type of client. */
class ProtobufCentrifuge extends Centrifuge {
  constructor(endpoint: TransportEndpoint, options: Partial<Options>) {
    super([endpoint], options);
    this._codec = new SdkCodec(this._codec, () => endpoint.transport);
  }
}

/**
 * Messages in protobuf, over WebSocket and HTTP streaming; the other transports go on in JSON.
 *
 * @example const client = connect('https://example.com', { codec: protobuf });
 */
export const protobuf: Codec = {
  name: 'protobuf',
  newSdk: (endpoint, options) => new ProtobufCentrifuge(endpoint, options),
};
