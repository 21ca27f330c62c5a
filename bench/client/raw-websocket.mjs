// @ts-check
/**
 * A WebSocket client at almost no cost, so that thousands fit into one process: it trusts the server's handshake, reads
 * unmasked, unfragmented data frames (RFC 6455, 5.2) and masks with the key zero.
 */
import { connect } from 'node:net';
import { opcodes, readFrames } from './websocket-frames.mjs';

const HANDSHAKE_KEY = 'YmVuY2htYXJrIGZhbmZhcg==';
const HEADERS_END = Buffer.from('\r\n\r\n');

/**
 * @typedef {object} Address
 * @property {string} host
 * @property {number} port
 * @property {string} path
 * @property {string | undefined} localAddress source address; undefined: the system's choice
 * @property {string} [extensions] what it offers; frames are passed on as they come
 * @property {string} [protocol] the subprotocol that it offers
 */

/**
 * @typedef {object} Listener
 * @property {() => void} onOpen
 * @property {(bytes: Buffer, from: number, to: number) => void} onText valid only during the call
 * @property {(bytes: Buffer, from: number, to: number) => void} [onBinary] as onText; default: such messages are ignored
 * @property {(reason: string) => void} onEnd called once, whichever side ended it
 */

export class RawWebSocket {
  #socket;
  #listener;
  #open = false;
  #ended = false;
  /** Bytes of a frame that has not arrived completely. @type {Buffer | null} */
  #rest = null;
  #bytesPerSec = Number.POSITIVE_INFINITY;
  /** @type {NodeJS.Timeout | undefined} */
  #pause;

  /**
   * @param {Address} address
   * @param {Buffer} readBuffer shared by all clients of this process: emptied within each read
   * @param {Listener} listener
   */
  constructor({ host, port, path, localAddress, extensions, protocol }, readBuffer, listener) {
    this.#listener = listener;
    this.#socket = connect({
      host,
      port,
      localAddress,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(readBuffer, length) },
    });
    this.#socket.once('connect', () => {
      this.#socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${HANDSHAKE_KEY}\r\n` +
          `${extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`}` +
          `${protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
      );
    });
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('closed by the server'));
  }

  /** @param {string} text */
  sendText(text) {
    this.#sendFrame(opcodes.text, Buffer.from(text));
  }

  /** @param {Uint8Array} bytes */
  sendBytes(bytes) {
    this.#sendFrame(opcodes.binary, Buffer.from(bytes));
  }

  /**
   * From now on at most this much is read in a second, in pieces of the buffer's size; 0: nothing.
   * @param {number} bytesPerSec
   */
  readSlowly(bytesPerSec) {
    this.#bytesPerSec = bytesPerSec;
    clearTimeout(this.#pause);
    if (bytesPerSec === 0) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Resets the connection, so that no port is left in TIME_WAIT. `onEnd` is not called. */
  destroy() {
    this.#ended = true;
    clearTimeout(this.#pause);
    this.#socket.resetAndDestroy();
  }

  /**
   * @param {Buffer} shared
   * @param {number} length
   */
  #read(shared, length) {
    let bytes = shared;
    let end = length;
    if (this.#rest) {
      bytes = Buffer.concat([this.#rest, shared.subarray(0, length)]);
      end = bytes.length;
      this.#rest = null;
    }
    const from = this.#open ? 0 : this.#readHandshake(bytes, end);
    const consumed = from < 0 ? 0 : readFrames(bytes, from, end, this.#onFrame);
    if (consumed < end) this.#rest = Buffer.from(bytes.subarray(consumed, end));
    if (this.#bytesPerSec !== Number.POSITIVE_INFINITY && !this.#ended) {
      this.#socket.pause();
      if (this.#bytesPerSec > 0)
        this.#pause = setTimeout(() => this.#socket.resume(), (1e3 * length) / this.#bytesPerSec);
    }
    return !this.#ended;
  }

  /**
   * The start of the frames; −1 while the response is incomplete.
   * @param {Buffer} bytes
   * @param {number} end
   */
  #readHandshake(bytes, end) {
    const at = bytes.subarray(0, end).indexOf(HEADERS_END);
    if (at < 0) return -1;
    const status = bytes.toString('latin1', 9, 12);
    if (status !== '101') {
      this.#end(`the handshake was answered with ${status}`);
      this.#socket.destroy();
      return end;
    }
    this.#open = true;
    this.#listener.onOpen();
    return at + HEADERS_END.length;
  }

  /** @type {Parameters<typeof readFrames>[3]} */
  #onFrame = (opcode, bytes, from, to) => {
    if (opcode === opcodes.text) this.#listener.onText(bytes, from, to);
    else if (opcode === opcodes.binary) this.#listener.onBinary?.(bytes, from, to);
    else if (opcode === opcodes.ping) this.#sendFrame(opcodes.pong, bytes.subarray(from, to));
    else if (opcode === opcodes.close) {
      const code = to - from >= 2 ? bytes.readUInt16BE(from) : 1005;
      this.#end(`closed by the server: ${code} ${bytes.toString('utf8', from + 2, to)}`);
      this.#socket.destroy();
    }
  };

  /**
   * Client frames are masked (RFC 6455, 5.3); with the key zero the payload is unchanged.
   * @param {number} opcode
   * @param {Buffer} payload
   */
  #sendFrame(opcode, payload) {
    const small = payload.length < 126;
    if (payload.length > 0xffff) throw new RangeError('the bench sends short messages only');
    const frame = Buffer.alloc((small ? 6 : 8) + payload.length);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (small ? payload.length : 126);
    if (!small) frame.writeUInt16BE(payload.length, 2);
    payload.copy(frame, small ? 6 : 8);
    this.#socket.write(frame);
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.onEnd(reason);
  }
}
