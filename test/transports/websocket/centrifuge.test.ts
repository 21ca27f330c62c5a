/** The official JavaScript client, unmodified, in Node over WebSocket. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode('websocket', 'json');
