/** Runs inside the page: the scenarios of the official client, with the SDK's own browser bundles and this browser's WebSocket. */

import type { Centrifuge, Options } from 'centrifuge';
import { LongPollingSocket } from '../../src/client/long-polling-socket.js';
import { askingDeltas } from '../support/centrifuge/asking-deltas.js';
import type { Combination, Savings } from '../support/centrifuge/combinations.js';
import type { Controls, ScenarioContext } from '../support/centrifuge/context.js';
import { withJsonData } from '../support/centrifuge/json-data.js';
import { centrifugeScenarios } from '../support/centrifuge/scenarios.js';

type Settings = Combination & { readonly savings: Savings };

declare global {
  interface Window {
    /** From the SDK's bundle of this codec. */
    Centrifuge: typeof Centrifuge;
    /** Calls one of the server's controls in the test's process. */
    callControl(name: string, args: readonly unknown[]): Promise<unknown>;
    runScenario(settings: Settings, group: string, name: string): Promise<void>;
  }
}

// safe: the test's side calls the control of that name, and arguments and results are JSON
const controls = new Proxy({} as Controls, {
  get:
    (_, name) =>
    (...args: readonly unknown[]) =>
      window.callControl(String(name), args),
});

function endpointOf({ transport }: Settings): ConstructorParameters<typeof Centrifuge>[0] {
  if (transport === 'websocket') return `ws://${location.host}/connection/websocket`;
  // Long polling goes by the SDK's hook for transports of others.
  return [{ transport, endpoint: `/connection/${transport === 'sockjs' ? 'long_polling' : transport}` }];
}

window.runScenario = async (settings, group, name) => {
  const scenario = centrifugeScenarios[group]?.[name];
  if (scenario === undefined) throw new Error(`there is no scenario "${group}: ${name}"`);
  const clients: Centrifuge[] = [];
  const context: ScenarioContext = {
    server: controls,
    savings: settings.savings,
    newClient(given: Partial<Options> = {}) {
      const made = new window.Centrifuge(endpointOf(settings), {
        minReconnectDelay: 10,
        maxReconnectDelay: 50,
        // As in Node: the machine may have much other work.
        timeout: 15_000,
        emulationEndpoint: '/emulation',
        sockjs: LongPollingSocket,
        ...given,
      });
      const client = settings.codec === 'protobuf' ? withJsonData(made) : made;
      clients.push(client);
      return settings.delta ? askingDeltas(client) : client;
    },
  };
  try {
    await scenario(context);
  } catch (error) {
    // The SDK rejects with plain objects, of which nothing would be told.
    throw error instanceof Error ? error : new Error(JSON.stringify(error), { cause: error });
  } finally {
    for (const client of clients) client.disconnect();
  }
};
