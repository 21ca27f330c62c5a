/** The common parts of the three examples: one HTTP server for the site and the socket, and who may sign in. */

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The part of a Fanfare application that is needed here. */
interface Attachable {
  attach(server: ReturnType<typeof createServer>): unknown;
  close(deadlineMs?: number): Promise<void>;
}

export interface RunningExample {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0: any free port */
export async function serve(site: RequestListener, app: Attachable, port: number): Promise<RunningExample> {
  const server = createServer(site);
  app.attach(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // safe: a server that listens on a port has such an address
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    async close() {
      server.close();
      await app.close(1_000);
      server.closeAllConnections();
    },
  };
}

/** Runs an example that was started from the command line; does nothing when it was imported. */
export async function runIfMain(module: string, start: (port: number) => Promise<RunningExample>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(module)) return;
  const { url } = await start(Number(process.env.PORT ?? 3000));
  console.log(`listening on ${url}`);
}

/** Stands in for a database of users. Real ones store a slow hash of the password, never the password. */
const passwords: ReadonlyMap<string, string> = new Map([
  ['ann', 'correct horse'],
  ['bob', 'battery staple'],
]);

/** The user of a sign-in form with the right password. */
export function userOf(form: unknown): string | undefined {
  if (typeof form !== 'object' || form === null || !('user' in form) || !('password' in form)) return undefined;
  const { user, password } = form;
  if (typeof user !== 'string' || typeof password !== 'string') return undefined;
  return passwords.get(user) === password ? user : undefined;
}
