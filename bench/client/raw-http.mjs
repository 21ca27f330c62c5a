// @ts-check
/**
 * HTTP/1.1 over one TCP connection at almost no cost: requests one by one, and responses with a `Content-Length` or an
 * end by closing. It trusts the server, like the WebSocket reader next to it.
 */
import { connect } from 'node:net';

const HEADERS_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /^content-length: (\d+)/im;

/** @typedef {import('./raw-websocket.mjs').Address} Address */

/**
 * @typedef {object} Listener
 * @property {() => void} onOpen
 * @property {(bytes: Buffer) => void} onBody a part of an endless body, or a whole other body; valid only during the call
 * @property {(reason: string) => void} onEnd called once, whichever side ended it
 */

export class RawHttp {
  #socket;
  #listener;
  #host;
  #ended = false;
  /** Bytes of a head, or of a body with a length, that have not arrived completely. @type {Buffer | null} */
  #rest = null;
  /** Whether the body of an endless response is being read. */
  #streaming = false;

  /**
   * @param {Omit<Address, 'path'>} address
   * @param {Buffer} readBuffer shared by all clients of this process: emptied within each read
   * @param {Listener} listener
   */
  constructor({ host, port, localAddress }, readBuffer, listener) {
    this.#listener = listener;
    this.#host = `${host}:${port}`;
    this.#socket = connect({
      host,
      port,
      localAddress,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(readBuffer, length) },
    });
    this.#socket.once('connect', () => listener.onOpen());
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('closed by the server'));
  }

  /** @param {string} path */
  get(path) {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
  }

  /**
   * @param {string} path
   * @param {string} body
   * @param {string} type
   */
  post(path, body, type = 'application/json') {
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: ${type}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  /** Resets the connection, so that no port is left in TIME_WAIT. `onEnd` is not called. */
  destroy() {
    this.#ended = true;
    this.#socket.resetAndDestroy();
  }

  /**
   * @param {Buffer} shared
   * @param {number} length
   */
  #read(shared, length) {
    let bytes = shared.subarray(0, length);
    if (this.#streaming) {
      this.#listener.onBody(bytes);
      return !this.#ended;
    }
    if (this.#rest) bytes = Buffer.concat([this.#rest, bytes]);
    const left = this.#readResponses(bytes);
    this.#rest = left.length > 0 ? Buffer.from(left) : null;
    return !this.#ended;
  }

  /**
   * Handles every complete response; returns the rest.
   * @param {Buffer} bytes
   */
  #readResponses(bytes) {
    let rest = bytes;
    while (rest.length > 0) {
      const at = rest.indexOf(HEADERS_END);
      if (at < 0) break;
      const head = rest.toString('latin1', 0, at);
      const status = head.slice(9, 12);
      if (status !== '200' && status !== '204') {
        this.#end(`answered with ${status}`);
        this.#socket.destroy();
        break;
      }
      const from = at + HEADERS_END.length;
      const given = CONTENT_LENGTH.exec(head)?.[1];
      if (given === undefined && status === '200') {
        this.#streaming = true;
        if (rest.length > from) this.#listener.onBody(rest.subarray(from));
        return rest.subarray(rest.length);
      }
      const to = from + Number(given ?? 0);
      if (rest.length < to) break;
      const body = rest.subarray(from, to);
      rest = rest.subarray(to);
      this.#listener.onBody(body);
    }
    return rest;
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.onEnd(reason);
  }
}
