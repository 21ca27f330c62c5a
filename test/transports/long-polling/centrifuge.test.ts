/** The official JavaScript client in Node by long polling, through its hook for transports of others. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode('sockjs', 'json');
