/** The official JavaScript client, unmodified, in Node over server-sent events: what works over WebSocket works here. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode('sse', 'json');
