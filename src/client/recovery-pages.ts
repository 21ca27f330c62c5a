/** Says with each `connect` and `subscribe` that what was missed may come in pages: the SDK has no option for that. */

import type { Centrifuge } from 'centrifuge';
import { pagedRecovery } from '../model/command.js';

interface Flags {
  flag?: number;
}

/** The SDK's codec, as it calls it. */
interface Encoder {
  encodeCommands(commands: readonly { readonly connect?: Flags; readonly subscribe?: Flags }[]): unknown;
}

export function askForPages(sdk: Centrifuge): void {
  // safe: the SDK's own build for protobuf replaces this field, too
  const { _codec: codec } = sdk as unknown as { readonly _codec: Encoder };
  const encode = codec.encodeCommands;
  codec.encodeCommands = (commands) => {
    for (const { connect, subscribe } of commands) {
      for (const each of [connect, subscribe]) if (each) each.flag = (each.flag ?? 0) | pagedRecovery;
    }
    return encode.call(codec, commands);
  };
}
