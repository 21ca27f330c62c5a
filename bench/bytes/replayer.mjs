// @ts-check
/** A subscriber at almost no cost: it sends what another one has sent, and counts what it gets without reading it. */
import { RawWebSocket } from '../client/raw-websocket.mjs';
import { varint } from './protobuf-field.mjs';

/** What `ws` offers. */
const DEFLATE = 'permessage-deflate; client_max_window_bits';

const readBuffer = Buffer.allocUnsafeSlow(256 * 1_024);

export class Replayer {
  frames = 0;
  /** Without the headers of frames. */
  bytes = 0;
  #socket;

  /**
   * @param {number} port
   * @param {import('./rows.mjs').Option[]} options
   * @param {string | Uint8Array} greeting the frame with which the other one connects and subscribes
   * @param {{ onReady: () => void, onFrame: () => void, onEnd: (reason: string) => void }} listener
   */
  constructor(port, options, greeting, { onReady, onFrame, onEnd }) {
    const commands = commandsIn(greeting);
    let sent = 0;
    // One by one, so that each has a reply in a frame of its own.
    const proceed = () => {
      const command = commands[sent++];
      if (command === undefined) onReady();
      else if (typeof command === 'string') socket.sendText(command);
      else socket.sendBytes(command);
    };
    const take = (/** @type {Buffer} */ _, /** @type {number} */ from, /** @type {number} */ to) => {
      if (sent <= commands.length) return proceed();
      this.frames += 1;
      this.bytes += to - from;
      return onFrame();
    };
    const socket = new RawWebSocket(
      {
        host: '127.0.0.1',
        port,
        path: '/connection/websocket',
        localAddress: undefined,
        ...(options.includes('deflate') && { extensions: DEFLATE }),
        ...(options.includes('protobuf') && { protocol: 'centrifuge-protobuf' }),
      },
      readBuffer,
      { onOpen: proceed, onText: take, onBinary: take, onEnd },
    );
    this.#socket = socket;
  }

  close() {
    this.#socket.destroy();
  }
}

/**
 * The commands of a frame, each as a frame.
 * @param {string | Uint8Array} frame
 * @returns {(string | Uint8Array)[]}
 */
function commandsIn(frame) {
  if (typeof frame === 'string') return frame.split('\n');
  const bytes = Buffer.from(frame);
  const commands = [];
  for (let at = 0; at < bytes.length; ) {
    const [length, start] = varint(bytes, at);
    commands.push(bytes.subarray(at, start + length));
    at = start + length;
  }
  return commands;
}
