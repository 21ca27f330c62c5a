/** The HTTP streaming transport runs the suite of all transports. */

import { transportSuite } from '../../conformance/transport-suite.js';
import { httpStreamReading, openStream } from '../../support/clients/stream-peer.js';

transportSuite({
  name: 'http_stream',
  connect: (url, firstFrame = '') => openStream(url, httpStreamReading, firstFrame),
  skip: [
    {
      test: 'B41: closes a peer that sends no command in time with 3012, so that it comes back',
      reason: 'a request without a command is answered with 400, one that does not come to its end with 408',
    },
  ],
});
