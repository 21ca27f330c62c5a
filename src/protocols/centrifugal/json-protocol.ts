/** The Centrifugal client protocol v2 in its JSON codec: one message a line. */

import type { EncodedMessage, Protocol } from '../protocol.js';
import { decodeJsonFrame } from './json-decode.js';
import { encodeJsonPush, encodeJsonReply } from './json-encode.js';

export const centrifugalJson: Protocol = {
  name: 'centrifugal-json',
  hasChannelIds: true,
  carriesBytes: false,
  decode: decodeJsonFrame,
  encodeReply: encodeJsonReply,
  encodePush: encodeJsonPush,
  encodePing: () => '{}',
  join: (messages: readonly EncodedMessage[]) => messages.join('\n'),
};
