// @ts-check
/** Socket.IO with its defaults, only WebSocket: one room per channel. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { hostNode } from '../../brokers/node-host.mjs';
import { listenOnLoopback } from '../../servers/loopback.mjs';
import { packageVersion } from '../../servers/package-version.mjs';

hostNode(async () => {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false });
  io.on('connection', (socket) => {
    socket.on('subscribe', (channel, done) => {
      socket.join(channel);
      done();
    });
    socket.on('publish', (channel, data, done) => {
      io.to(channel).emit('publication', data);
      done();
    });
    socket.on('echo', (data, done) => done(data));
  });
  return {
    version: packageVersion('socket.io'),
    port: await listenOnLoopback(http),
    publish: (channel, data) => io.to(channel).emit('publication', data),
    reached: () => 0,
  };
});
