/** The server of the official client's scenarios, in functions: the same application, another place. */

import { lambda } from '../../../src/aws/index.js';
import { Gathered } from '../centrifuge/awaiting.js';
import { nothing } from '../centrifuge/combinations.js';
import { controlsOf, makeScenarioApp, type ScenarioServer } from '../centrifuge/scenario-app.js';
import { FaultProxy } from '../network/fault-proxy.js';
import { EmulatedFunctions } from './emulated-functions.js';
import type { StoreServer } from './stores.js';

/** What its controls cannot do, where there is no server and no broker that delivers. */
function unavailable(): Promise<never> {
  return Promise.reject(new Error('functions have nothing of the kind'));
}

export async function startScenarioFunctions(server: StoreServer): Promise<ScenarioServer> {
  const messages = new Gathered<unknown>();
  const app = makeScenarioApp(undefined, (data) => messages.add(data), nothing);
  const { make: store, loseHistory, skip } = await server.ownStore();
  const functions = await EmulatedFunctions.start({
    makeHandler: (endpoint) => lambda(app, { store, endpoint, times: { lateMs: 2_000 } }),
    path: '/connection/websocket',
    sweepMs: 200,
  });
  const proxy = await FaultProxy.start({ port: functions.gateway.port });
  return {
    host: `127.0.0.1:${proxy.port}`,
    controls: {
      ...controlsOf(app, proxy, messages),
      close: unavailable,
      loseNextDelivery: unavailable,
      numDeflated: async () => 0,
      loseHistory,
      skipBrokerTime: skip,
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await functions[Symbol.asyncDispose]();
    },
  };
}
