/** The protobuf build of the official client in Node, with the interface of the one that speaks JSON. */

import type { Centrifuge, Options, TransportEndpoint } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { withJsonData } from './json-data.js';

export function newProtobufClient(endpoint: string | TransportEndpoint[], options?: Partial<Options>): Centrifuge {
  return withJsonData(new ProtobufCentrifuge(endpoint, options));
}
