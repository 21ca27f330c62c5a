/** Places of an application where there is no server of its own: somebody hands over requests, sockets, or the hooks of both. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { serve } from '@hono/node-server';
import type { FanfareApp, FetchOptions, HandoverOptions } from 'fanfare';
import { crosswsOnNode, crosswsOnVercel, type Platform } from './crossws.mjs';

/** What of an application platforms call. */
export type PlatformApp = Pick<
  FanfareApp<Record<never, never>, Record<never, never>>,
  'fetch' | 'upgrade' | 'socketHooks'
>;

/** Hono's server for Node makes a `Request` of each request, and sends what a `Response` has as it comes. */
export async function fetchPlatform(app: PlatformApp, options: FetchOptions = {}): Promise<Platform> {
  const server = serve({ fetch: (request) => app.fetch(request, options), port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  return {
    // safe: it listens on TCP
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
    },
  };
}

/** Upgrades alone, as a runtime hands them over that has its own server. */
export async function upgradePlatform(app: PlatformApp, options: HandoverOptions = {}): Promise<Platform> {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('upgrade', (request, socket, head) => {
    // safe: over TCP
    sockets.add(socket as Socket);
    socket.on('close', () => sockets.delete(socket as Socket));
    app.upgrade(request, socket, head, options);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // safe: it listens on TCP
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export const socketPlatforms = {
  'crossws on node:http': (app: PlatformApp, options?: HandoverOptions) => crosswsOnNode(app.socketHooks(options)),
  'crossws on Vercel': (app: PlatformApp, options?: HandoverOptions) => crosswsOnVercel(app.socketHooks(options)),
  'upgrades that are handed over': upgradePlatform,
} satisfies Readonly<Record<string, (app: PlatformApp, options?: HandoverOptions) => Promise<Platform>>>;
