/** Where TLS ends here: streams over HTTP/2 and WebSocket over TLS, on one port, run the suite of all transports. */

import { afterAll } from 'vitest';
import { firstFrameIsTheRequest, transportSuite } from '../conformance/transport-suite.js';
import { openHttp2Stream } from '../support/clients/http2-peer.js';
import { httpStreamReading, protobufStreamReading, sseReading } from '../support/clients/stream-peer.js';
import { openWebSocket } from '../support/clients/websocket-peer.js';
import { makeCertificate } from '../support/programs/certificate.js';

const tls = makeCertificate();
afterAll(() => tls[Symbol.dispose]());

transportSuite({
  name: 'http_stream over HTTP/2',
  connect: (url, firstFrame = '') => openHttp2Stream(url, tls.cert, httpStreamReading, firstFrame),
  listen: { tls },
  skip: [firstFrameIsTheRequest],
});

transportSuite({
  name: 'http_stream in protobuf over HTTP/2',
  connect: (url, firstFrame = '') => openHttp2Stream(url, tls.cert, protobufStreamReading, firstFrame),
  listen: { tls },
  skip: [firstFrameIsTheRequest],
});

transportSuite({
  name: 'sse over HTTP/2',
  connect: (url, firstFrame = '') => openHttp2Stream(url, tls.cert, sseReading, firstFrame),
  listen: { tls },
  skip: [firstFrameIsTheRequest],
});

transportSuite({
  name: 'websocket over TLS',
  connect: (url, firstFrame) => openWebSocket(url, firstFrame, tls.cert),
  listen: { tls },
});
