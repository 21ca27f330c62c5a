/** The HTTP streaming transport runs the suite of all transports. */

import { firstFrameIsTheRequest, transportSuite } from '../../conformance/transport-suite.js';
import { httpStreamReading, openStream } from '../../support/clients/stream-peer.js';

transportSuite({
  name: 'http_stream',
  connect: (url, firstFrame = '') => openStream(url, httpStreamReading, firstFrame),
  skip: [firstFrameIsTheRequest],
});
