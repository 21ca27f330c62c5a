// @ts-check
/** A node of Socket.IO with its defaults, only WebSocket, and one of its two Redis adapters. */
import { createServer } from 'node:http';
import { createClient } from '@redis/client';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { listenOnLoopback } from '../servers/loopback.mjs';
import { packageVersion } from '../servers/package-version.mjs';
import { hostNode } from './node-host.mjs';

hostNode(async ({ broker, url }) => {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  for (const client of [publisher, subscriber]) {
    client.on('error', (error) => {
      throw error;
    });
    await client.connect();
  }
  const http = createServer();
  const adapter =
    broker === 'sharded' ? createShardedAdapter(publisher, subscriber) : createAdapter(publisher, subscriber);
  const io = new Server(http, { transports: ['websocket'], serveClient: false, adapter });
  const reached = countMessages(io.of('/').adapter, broker === 'sharded' ? 'onRawMessage' : 'onmessage');
  io.on('connection', (socket) => socket.join(String(socket.handshake.query.channel)));
  return {
    version: `${packageVersion('socket.io')} with @socket.io/redis-adapter ${packageVersion('@socket.io/redis-adapter')}`,
    port: await listenOnLoopback(http),
    publish: (channel, data) => io.to(channel).emit('publication', data),
    reached,
  };
});

/**
 * Counts messages from Redis, at the adapter's method for them.
 * @param {object} adapter
 * @param {string} method
 */
function countMessages(adapter, method) {
  let count = 0;
  const methods = /** @type {Record<string, (...args: unknown[]) => unknown>} */ (adapter);
  const original = methods[method];
  if (!original) throw new Error(`the adapter has no ${method}`);
  methods[method] = (...args) => {
    count += 1;
    return original.apply(adapter, args);
  };
  return () => count;
}
