/** Servers of one test: they listen on free ports, and are closed when it has finished. Not for tests that run concurrently. */

import type { Server } from 'node:net';
import { onTestFinished } from 'vitest';
import type { FanfareApp } from '../../../src/server/app.js';
import type { ListenOptions } from '../../../src/server/serving.js';
import { closed, listening } from './local-server.js';

/** An application, and where it listens. */
export async function served<App extends Pick<FanfareApp<never, never>, 'listen' | 'close'>>(
  app: App,
  options: ListenOptions = {},
) {
  onTestFinished(() => app.close(500));
  return { app, ...(await app.listen(0, options)) };
}

/** The port of a server of the test's own, which ends with all its connections. */
export function portOf(server: Server): Promise<number> {
  onTestFinished(() => closed(server));
  return listening(server);
}
