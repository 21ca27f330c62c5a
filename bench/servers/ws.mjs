// @ts-check
/** The naive server: `ws`, one JSON.stringify per publication and a loop of `send` over all clients. */
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { hostServer } from './host.mjs';
import { listenOnLoopback } from './loopback.mjs';
import { packageVersion } from './package-version.mjs';

hostServer(async () => {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  sockets.on('connection', (socket) => socket.on('error', () => socket.terminate()));
  return {
    version: packageVersion('ws'),
    port: await listenOnLoopback(http),
    publish(data) {
      const text = JSON.stringify(data);
      for (const client of sockets.clients) {
        if (client.readyState === WebSocket.OPEN) client.send(text);
      }
    },
  };
});
