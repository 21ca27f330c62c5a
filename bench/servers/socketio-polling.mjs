// @ts-check
/** Socket.IO with its defaults, only long polling: every socket joins one room, to which publications are emitted. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { CHANNEL } from '../shared/credentials.mjs';
import { hostServer } from './host.mjs';
import { listenOnLoopback } from './loopback.mjs';
import { packageVersion } from './package-version.mjs';

hostServer(async () => {
  const http = createServer();
  const io = new Server(http, { transports: ['polling'], serveClient: false });
  io.on('connection', (socket) => socket.join(CHANNEL));
  return {
    version: packageVersion('socket.io'),
    port: await listenOnLoopback(http),
    publish: (data) => io.to(CHANNEL).emit('publication', data),
  };
});
