/** An application of one test behind a network that can be cut, and clients that come back quickly. All end with the test. */

import type { AnyApp, Client, ConnectOptions } from 'fanfare/client';
import { onTestFinished } from 'vitest';
import type { FanfareApp } from '../../src/server/app.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { served } from '../support/servers/served.js';
import { quickClient } from './chat-server.js';

export interface Cuttable<App extends AnyApp> {
  readonly app: App;
  readonly proxy: FaultProxy;
  /** One more client, behind the proxy. */
  connected(options?: ConnectOptions): Client<App>;
}

export async function cuttable<App extends AnyApp & Pick<FanfareApp<never, never>, 'listen' | 'close'>>(
  app: App,
): Promise<Cuttable<App>> {
  const { port } = await served(app);
  const proxy = await FaultProxy.start({ port });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { app, proxy, connected: (options) => quickClient<App>(`http://127.0.0.1:${proxy.port}`, options) };
}
