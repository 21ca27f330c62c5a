/** The official JavaScript client, unmodified, in Node over HTTP streaming: what works over WebSocket works here. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode('http_stream', 'json');
