// @ts-check
/** Bun's own server with its native publish: sockets, topics and frames are C++ (uWebSockets). Runs only in Bun. */
import { hostNode } from '../../brokers/node-host.mjs';
import { bareMessage } from './bare-dialect.mjs';

/** @typedef {{ subscribe(topic: string): void, send(text: string): void }} Socket */

// safe: the used part of Bun's global, whose types are not a dependency
const { Bun } =
  /** @type {{ Bun: { version: string, gc(all: boolean): void, serve(options: object): { port: number, publish(topic: string, text: string): void } } }} */ (
    /** @type {unknown} */ (globalThis)
  );

globalThis.gc = /** @type {typeof globalThis.gc} */ (() => Bun.gc(true));

hostNode(async () => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (/** @type {Request} */ request, /** @type {{ upgrade(request: Request): boolean }} */ own) =>
      own.upgrade(request) ? undefined : new Response(null, { status: 426 }),
    websocket: {
      perMessageDeflate: false,
      // No client is closed for waiting data: 16 MiB, since `ws` has no limit at all.
      backpressureLimit: 16_777_216,
      message(/** @type {Socket} */ socket, /** @type {string} */ text) {
        bareMessage(text, {
          subscribe: (channel) => socket.subscribe(channel),
          publish: (channel, data) => server.publish(channel, data),
          reply: (reply) => socket.send(reply),
        });
      },
    },
  });
  return {
    version: Bun.version,
    port: server.port,
    publish: (channel, data) => server.publish(channel, JSON.stringify(data)),
    reached: () => 0,
  };
});
