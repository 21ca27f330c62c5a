/** How messages are written on the wire, if not in JSON: a value that an entry of its own exports. */

import type { Centrifuge, Options, TransportEndpoint } from 'centrifuge';

/** Given to `connect()`, which uses it; there is nothing in it for an application. */
export interface Codec {
  /** Of the format. */
  readonly name: 'protobuf';
  /** Makes the SDK's client; `endpoint` changes its transport from one attempt to the next. */
  newSdk(endpoint: TransportEndpoint, options: Partial<Options>): Centrifuge;
}
