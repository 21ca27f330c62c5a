/** Where TLS ends here: streams over HTTP/2 and WebSocket over TLS, on one port, run the suite of all transports. */

import { afterAll } from 'vitest';
import { transportSuite } from '../conformance/transport-suite.js';
import { openHttp2Stream } from '../support/clients/http2-peer.js';
import { httpStreamReading, sseReading } from '../support/clients/stream-peer.js';
import { openWebSocket } from '../support/clients/websocket-peer.js';
import { makeCertificate } from '../support/programs/certificate.js';

const tls = makeCertificate();
afterAll(() => tls[Symbol.dispose]());

const skip = [
  {
    test: 'B41: closes a peer that sends no command in time with 3012, so that it comes back',
    reason: 'a request without a command is answered with 400, one that does not come to its end with 408',
  },
];

transportSuite({
  name: 'http_stream over HTTP/2',
  connect: (url, firstFrame = '') => openHttp2Stream(url, tls.cert, httpStreamReading, firstFrame),
  listen: { tls },
  skip,
});

transportSuite({
  name: 'sse over HTTP/2',
  connect: (url, firstFrame = '') => openHttp2Stream(url, tls.cert, sseReading, firstFrame),
  listen: { tls },
  skip,
});

transportSuite({
  name: 'websocket over TLS',
  connect: (url, firstFrame) => openWebSocket(url, firstFrame, tls.cert),
  listen: { tls },
});
