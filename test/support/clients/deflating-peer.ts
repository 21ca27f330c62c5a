/** A client of the WebSocket transport that compresses, through `ws`, and how its frames looked on the wire. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type PerMessageDeflateOptions, WebSocket } from 'ws';
import { opcodes, readFrames } from '../../../bench/client/websocket-frames.mjs';
import { Gathered } from '../centrifuge/awaiting.js';

/** A frame of the server's, as it came. */
export interface WireFrame {
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

export interface DeflatingPeer {
  /** What was agreed on: the header of the answer. */
  readonly agreed: string | undefined;
  readonly messages: Gathered<string>;
  /** Of messages. */
  readonly wire: readonly WireFrame[];
  readonly closed: Promise<number>;
  send(message: string): void;
  close(): void;
}

/** @param url of the server, http://… */
export async function openDeflating(
  url: string,
  offer: PerMessageDeflateOptions | boolean = true,
): Promise<DeflatingPeer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, { perMessageDeflate: offer });
  const messages = new Gathered<string>();
  const wire: WireFrame[] = [];
  let agreed: string | undefined;
  socket.on('message', (data) => messages.add(String(data)));
  socket.on('upgrade', ({ headers, socket: tcp }) => {
    agreed = headers['sec-websocket-extensions'];
    recordFrames(tcp, wire);
  });
  // 'close' follows with code 1006.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(([code]) => Number(code));
  await once(socket, 'open');
  return {
    agreed,
    messages,
    wire,
    closed,
    send: (message) => socket.send(message),
    close: () => socket.close(),
  };
}

function recordFrames(socket: Socket, wire: WireFrame[]): void {
  let received: Buffer = Buffer.alloc(0);
  // Beside the parser of `ws`, which it must not disturb: what is read is not taken.
  socket.prependListener('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    let at = 0;
    const end = readFrames(received, 0, received.length, (opcode, bytes, from, to) => {
      if (opcode === opcodes.text || opcode === opcodes.binary) {
        wire.push({ isCompressed: ((bytes[at] ?? 0) & 0x40) !== 0, payload: Buffer.from(bytes.subarray(from, to)) });
      }
      at = to;
    });
    received = received.subarray(end);
  });
}
