/** The long polling transport runs the suite of all transports. */

import { transportSuite } from '../../conformance/transport-suite.js';
import { openPolling } from '../../support/clients/polling-peer.js';

transportSuite({
  name: 'long_polling',
  connect: (url, firstFrame = '') => openPolling(url, firstFrame),
  skip: [
    {
      test: 'B41: closes a peer that sends no command in time with 3012, so that it comes back',
      reason: 'a request without a command is answered with 400, one that does not come to its end with 408',
    },
  ],
});
