/** The clients of a scenario in Node, over the transport and in the codec of a combination. */

import { Centrifuge } from 'centrifuge';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { LongPollingSocket } from '../../../src/client/long-polling-socket.js';
import { askingDeltas } from './asking-deltas.js';
import { type Combination, nothing, savingsOf } from './combinations.js';
import type { ScenarioContext } from './context.js';
import { newProtobufClient } from './protobuf-client.js';
import type { ScenarioServer } from './scenario-app.js';

const usual: Combination = { place: 'Node', transport: 'websocket', codec: 'json', ...nothing };

/** @param origin where clients connect to. Default: the server's own network */
export function nodeContext(
  server: ScenarioServer,
  combination: Combination = usual,
  origin = `http://${server.host}`,
): { readonly context: ScenarioContext; readonly disconnectAll: () => void } {
  const { transport, codec, delta } = combination;
  const clients: Centrifuge[] = [];
  const endpoint =
    transport === 'websocket'
      ? `${origin.replace('http', 'ws')}/connection/websocket`
      : [{ transport, endpoint: `${origin}/connection/${transport === 'sockjs' ? 'long_polling' : transport}` }];
  const options = {
    minReconnectDelay: 10,
    maxReconnectDelay: 50,
    // Of a command; the SDK's 5 s are not enough for 50 requests on a machine with much other work.
    timeout: 15_000,
    emulationEndpoint: `${origin}/emulation`,
    websocket: WebSocket,
    eventsource: EventSource,
    sockjs: LongPollingSocket,
  };
  return {
    context: {
      server: server.controls,
      savings: savingsOf(combination),
      newClient(given = {}) {
        const all = { ...options, ...given };
        const made = codec === 'protobuf' ? newProtobufClient(endpoint, all) : new Centrifuge(endpoint, all);
        clients.push(made);
        return delta ? askingDeltas(made) : made;
      },
    },
    disconnectAll: () => {
      for (const client of clients) client.disconnect();
    },
  };
}
