/** The server sent events transport runs the suite of all transports. */

import { firstFrameIsTheRequest, transportSuite } from '../../conformance/transport-suite.js';
import { openStream, sseReading } from '../../support/clients/stream-peer.js';

/** Each line of an event has `data: ` before it, and a blank line is its end. */
const wireBytes = (frame: string) => Buffer.byteLength(frame.replaceAll(/^/gm, 'data: ')) + 2;

transportSuite({
  name: 'sse',
  wireBytes,
  connect: (url, firstFrame = '') => openStream(url, sseReading, firstFrame),
  skip: [firstFrameIsTheRequest],
});
