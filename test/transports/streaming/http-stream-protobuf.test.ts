/** The HTTP streaming transport runs the suite of all transports in protobuf, too. */

import { firstFrameIsTheRequest, transportSuite } from '../../conformance/transport-suite.js';
import { openStream, protobufStreamReading } from '../../support/clients/stream-peer.js';

transportSuite({
  name: 'http_stream in protobuf',
  connect: (url, firstFrame = '') => openStream(url, protobufStreamReading, firstFrame),
  skip: [firstFrameIsTheRequest],
});
