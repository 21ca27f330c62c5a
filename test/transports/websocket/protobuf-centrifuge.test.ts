/** The official JavaScript client in its protobuf build over WebSocket: what works in JSON works in protobuf. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode('websocket', 'protobuf');
