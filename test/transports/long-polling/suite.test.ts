/** The long polling transport runs the suite of all transports. */

import { firstFrameIsTheRequest, transportSuite } from '../../conformance/transport-suite.js';
import { openPolling } from '../../support/clients/polling-peer.js';

transportSuite({
  name: 'long_polling',
  connect: (url, firstFrame = '') => openPolling(url, firstFrame),
  skip: [firstFrameIsTheRequest],
});
