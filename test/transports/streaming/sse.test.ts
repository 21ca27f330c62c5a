/** The server sent events transport runs the suite of all transports. */

import { transportSuite } from '../../conformance/transport-suite.js';
import { openStream, sseReading } from '../../support/clients/stream-peer.js';

/** Each line of an event has `data: ` before it, and a blank line is its end. */
const wireBytes = (frame: string) => Buffer.byteLength(frame.replaceAll(/^/gm, 'data: ')) + 2;

transportSuite({
  name: 'sse',
  wireBytes,
  connect: (url, firstFrame = '') => openStream(url, sseReading, firstFrame),
  skip: [
    {
      test: 'B41: closes a peer that sends no command in time with 3012, so that it comes back',
      reason: 'a request without a command is answered with 400, one that does not come to its end with 408',
    },
  ],
});
