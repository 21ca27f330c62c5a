/** A server of Node with Fanfare attached to it, as the rest of the project sees it. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { app, begin } from './app.ts';

export interface Running {
  readonly url: string;
  /** Closes clients gradually; they come back to another process, if there is one. */
  readonly close: () => Promise<void>;
}

export async function listening(server: Server, port: number, host = '127.0.0.1'): Promise<Running> {
  app.attach(server);
  await once(server.listen(port, host), 'listening');
  const end = begin();
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    async close() {
      end();
      await app.close(10_000);
      server.closeAllConnections();
      server.close();
    },
  };
}
