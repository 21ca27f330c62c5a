/** The official JavaScript client in its protobuf build over HTTP streaming: what works in JSON works in protobuf. */

import { scenariosInNode } from '../../support/centrifuge/in-node.js';
import { newProtobufClient } from '../../support/centrifuge/protobuf-client.js';

scenariosInNode({ name: 'http_stream', path: 'http_stream' }, {}, newProtobufClient);
