// @ts-check
/** A server for bench/streams.mjs: Fanfare with a channel of streams, or Socket.IO with a room; makes the tokens itself. */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Server } from 'socket.io';
import { channel, fanfare } from '../../dist/index.js';
import { answerRequests } from '../shared/ipc.mjs';
import { listenOnLoopback } from './loopback.mjs';

/** @type {(token: string | null) => unknown} null: the end */
let emit = () => undefined;

async function startFanfare() {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const channels = { 'chat:{id}': channel({ subscribe: 'anyone', streams: {} }) };
  const app = fanfare({ anonymous: true, log, channels, limits: { pingIntervalMs: 0 } });
  /** @type {import('../../dist/index.js').AppStream | undefined} */
  let answer;
  emit = async (token) => {
    answer ??= await app.open('chat:1');
    if (token !== null) return answer.append(token);
    const ended = answer;
    answer = undefined;
    return ended.close();
  };
  return (await app.listen(0)).port;
}

function startSocketIo() {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
  io.on('connection', (socket) => socket.join('chat'));
  emit = (token) => io.to('chat').emit(token === null ? 'end' : 'token', token);
  return listenOnLoopback(http);
}

answerRequests({
  start: (/** @type {{ kind: string }} */ { kind }) => (kind === 'fanfare' ? startFanfare() : startSocketIo()),
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** @param {{ tokens: string[], everyMs: number }} plan */
  async produce({ tokens, everyMs }) {
    const startMs = performance.now();
    for (const [n, token] of tokens.entries()) {
      await emit(token);
      const waitMs = startMs + (n + 1) * everyMs - performance.now();
      if (waitMs > 0) await pause(waitMs);
    }
    await emit(null);
    return null;
  },
});
