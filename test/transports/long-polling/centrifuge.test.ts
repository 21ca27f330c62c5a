/** The official JavaScript client in Node by long polling, through its hook for transports of others. */

import { LongPollingSocket } from '../../../src/client/long-polling-socket.js';
import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode({ name: 'sockjs', path: 'long_polling' }, { sockjs: LongPollingSocket });
