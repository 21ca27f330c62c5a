/** What is built, as processes of their own on free ports: `fanfare dev`, as `npm start` runs it, and the chat example. */

import { fileURLToPath } from 'node:url';
import { FanfareProcess } from '../../cli/fanfare-process.js';

export interface DevServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
}

/**
 * Resolves when it says where it listens.
 *
 * @param flags further ones for the command
 */
export function startDevServer(...flags: readonly string[]): Promise<DevServer> {
  return listening(new FanfareProcess(['dev', '--port', '0', ...flags]));
}

/** The chat example as an application of its own, which has Fanfare as a library. */
export function startChatServer(): Promise<DevServer> {
  return startExample('chat');
}

export interface ExampleServer extends DevServer {
  /** As a deploy stops it. Resolves when its process has ended. */
  stop(): Promise<void>;
}

/** An example with a server of its own. @param env further variables */
export async function startExample(name: string, env: Readonly<Record<string, string>> = {}): Promise<ExampleServer> {
  const script = fileURLToPath(new URL(`../../../dist/examples-${name}/server.mjs`, import.meta.url));
  const server = new FanfareProcess([], { script, env: { PORT: '0', ...env } });
  return {
    ...(await listening(server)),
    async stop() {
      server.signal('SIGTERM');
      await server.exited;
    },
  };
}

async function listening(server: FanfareProcess): Promise<DevServer> {
  const [, url = ''] = await server.seen('stdout', /(?:listening on|\w+:) .*?(http:\/\/[\w.:[\]]+)/);
  return { url, port: Number(new URL(url).port), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
