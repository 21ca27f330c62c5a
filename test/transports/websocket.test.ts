/** The WebSocket transport runs the suite of all transports. */

import { transportSuite } from '../conformance/transport-suite.js';
import { openWebSocket } from '../support/websocket-peer.js';

transportSuite({ name: 'websocket', connect: openWebSocket });
