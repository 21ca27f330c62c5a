/** The WebSocket transport runs the suite of all transports. */

import { transportSuite } from '../../conformance/transport-suite.js';
import { openWebSocket } from '../../support/clients/websocket-peer.js';

/** The header of more than 125 bytes is 4, of more than 65,535 it is 10 (RFC 6455 section 5.2). */
const wireBytes = (frame: string) => Buffer.byteLength(frame) + (Buffer.byteLength(frame) < 65_536 ? 4 : 10);

transportSuite({ name: 'websocket', connect: openWebSocket, wireBytes });
