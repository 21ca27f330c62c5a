/** Asks a server for a WebSocket: says what it answers, or connects. */

import { once } from 'node:events';
import { WebSocket } from 'ws';

/** 101, or the HTTP status with which the upgrade is refused. */
export function handshakeStatus(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = new WebSocket(endpoint(url), { headers: { ...headers } });
  return new Promise((resolve, reject) => {
    socket.on('open', () => socket.terminate());
    socket.on('close', () => resolve(101));
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    // After a refusal: the request that was given up.
    socket.on('error', reject);
  });
}

export function endpoint(url: string): string {
  return `${url.replace('http', 'ws')}/connection/websocket`;
}

export async function connected(url: string): Promise<WebSocket> {
  const socket = new WebSocket(endpoint(url));
  // 'close' follows.
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.send('{"id":1,"connect":{}}');
  await once(socket, 'message');
  return socket;
}
