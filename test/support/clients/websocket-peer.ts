/** A client of the WebSocket transport, through an independent implementation. */

import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Disconnect } from '../../../src/model/codes.js';
import type { TransportPeer } from '../../conformance/transport-suite.js';
import { Gathered } from '../centrifuge/awaiting.js';

/** @param ca over TLS: who the server has to be */
export async function openWebSocket(url: string, firstFrame: string | undefined, ca?: string): Promise<TransportPeer> {
  const address = `${url.replace('http', 'ws')}/connection/websocket`;
  const socket = new WebSocket(address, { ...(ca !== undefined && { ca }) });
  const frames = new Gathered<string>();
  socket.on('message', (data) => frames.add(String(data)));
  // 'close' follows with code 1006.
  socket.on('error', () => undefined);
  const closed = new Promise<Disconnect>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  if (firstFrame !== undefined) socket.send(firstFrame);
  return {
    send: (frame) => socket.send(frame),
    frames,
    closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    destroy: () => socket.terminate(),
  };
}
