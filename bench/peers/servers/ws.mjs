// @ts-check
/**
 * The naive server with `ws`: a set of subscribers per channel; each publication is stringified once and sent to each.
 * With shared frames, the text is also framed once, and its bytes are written to each socket.
 */
import { createServer } from 'node:http';
import * as ws from 'ws';
import { hostNode } from '../../brokers/node-host.mjs';
import { listenOnLoopback } from '../../servers/loopback.mjs';
import { packageVersion } from '../../servers/package-version.mjs';
import { bareMessage } from './bare-dialect.mjs';

/** @typedef {import('ws').WebSocket} WebSocket */

hostNode(async (/** @type {{ sharedFrames?: boolean }} */ { sharedFrames = false }) => {
  /** @type {Map<string, Set<WebSocket>>} */
  const channels = new Map();
  const http = createServer();
  const sockets = new ws.WebSocketServer({ server: http, perMessageDeflate: false });
  const publishText = (/** @type {string} */ channel, /** @type {string} */ text) => {
    const frame = sharedFrames ? frameOf(text) : null;
    for (const socket of channels.get(channel) ?? []) {
      if (frame === null) socket.send(text);
      else rawSocketOf(socket).write(frame);
    }
  };
  sockets.on('connection', (socket) => {
    /** @type {string[]} */
    const own = [];
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      for (const channel of own) channels.get(channel)?.delete(socket);
    });
    socket.on('message', (bytes) => {
      bareMessage(String(bytes), {
        subscribe(channel) {
          own.push(channel);
          const members = channels.get(channel);
          if (members) members.add(socket);
          else channels.set(channel, new Set([socket]));
        },
        publish: publishText,
        reply: (text) => socket.send(text),
      });
    });
  });
  return {
    version: packageVersion('ws'),
    port: await listenOnLoopback(http),
    publish: (channel, data) => publishText(channel, JSON.stringify(data)),
    reached: () => 0,
  };
});

/** @param {string} text */
function frameOf(text) {
  const options = { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true };
  // safe: `ws` exports it, but its types do not
  const { Sender } = /** @type {{ Sender: { frame(data: Buffer, options: object): Buffer[] } }} */ (
    /** @type {unknown} */ (ws)
  );
  return Buffer.concat(Sender.frame(Buffer.from(text), options));
}

/** @param {WebSocket} socket */
function rawSocketOf(socket) {
  // safe: `ws` has it under this name while the socket is open
  return /** @type {{ _socket: import('node:net').Socket }} */ (/** @type {unknown} */ (socket))._socket;
}
