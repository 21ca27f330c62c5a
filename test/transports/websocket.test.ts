/** The WebSocket transport runs the suite of all transports, through an independent client. */

import { WebSocket } from 'ws';
import type { Disconnect } from '../../src/model/codes.js';
import { type TransportPeer, transportSuite } from '../conformance/transport-suite.js';
import { Gathered } from '../support/centrifuge/awaiting.js';

async function connect(url: string, firstFrame: string | undefined): Promise<TransportPeer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`);
  const frames = new Gathered<string>();
  socket.on('message', (data) => frames.add(String(data)));
  // 'close' follows with code 1006.
  socket.on('error', () => undefined);
  const closed = new Promise<Disconnect>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
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

transportSuite({ name: 'websocket', connect });
