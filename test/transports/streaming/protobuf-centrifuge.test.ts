/** The official JavaScript client in its protobuf build over HTTP streaming: what works in JSON works in protobuf. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';

scenariosInNode('http_stream', 'protobuf');
