// @ts-check
/** A server for bench/deflate.mjs, with compression or without; reports the CPU time and the memory of its process. */
import { createServer } from 'node:http';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { channel, fanfare } from '../../dist/index.js';
import { answerRequests } from '../shared/ipc.mjs';
import { listenOnLoopback } from './loopback.mjs';

/** @type {(data: unknown) => unknown} */
let publish = () => undefined;

/** @param {boolean} deflate */
async function startFanfare(deflate) {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const channels = { 'room:{name}': channel({ subscribe: 'anyone' }) };
  // The clients only count.
  const app = fanfare({ anonymous: true, log, channels, limits: { pingIntervalMs: 0 } });
  publish = (data) => app.publish('room:a', data);
  return (await app.listen(0, { deflate })).port;
}

/** Compresses without context too, and from the same length on. @param {boolean} deflate */
function startWs(deflate) {
  const http = createServer();
  const perMessageDeflate = deflate && {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    threshold: 256,
    zlibDeflateOptions: { level: 3 },
  };
  const sockets = new WebSocketServer({ server: http, path: '/connection/websocket', perMessageDeflate });
  sockets.on('connection', (socket) => socket.on('message', () => socket.send('{}')));
  publish = (data) => {
    const text = JSON.stringify({ push: { channel: 'room:a', pub: { data } } });
    for (const client of sockets.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
  };
  return listenOnLoopback(http);
}

answerRequests({
  /** @param {{ kind: string, deflate: boolean }} args */
  start: ({ kind, deflate }) => (kind === 'fanfare' ? startFanfare(deflate) : startWs(deflate)),
  /** One in a turn. @param {{ data: unknown, count: number }} args */
  async publish({ data, count }) {
    for (let n = 0; n < count; n++) {
      await publish(data);
      await endOfTurn();
    }
  },
  /** In microseconds, including garbage collection and all threads. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** In bytes, after garbage collection. */
  async memory() {
    for (let n = 0; n < 3; n++) {
      globalThis.gc?.();
      await endOfTurn();
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    return { live: heapUsed + external, rss };
  },
});
