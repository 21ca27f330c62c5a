// @ts-check
/** Many subscribers in one process: opens them a few at a time and hands every publication to the tally. */
import { MARK_BYTE, MARK_BYTES } from '../payload.mjs';
import { RawWebSocket } from './raw-websocket.mjs';

const READ_BUFFER_BYTES = 256 * 1024;
/** Connections being opened at one time: below the listen backlog of Node (511). */
const MAX_OPENING = 100;
/** Source ports of one address that are safely free; beyond them the next loopback address is used. */
const CONNECTIONS_PER_ADDRESS = 20_000;

/** @typedef {import('./dialects.mjs').Dialect} Dialect */
/** @typedef {import('./tally.mjs').Tally} Tally */

export class Swarm {
  /** @type {Subscriber[]} */
  #subscribers = [];
  #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  #tally;
  /** Why the first connection was lost, if one was. @type {string | null} */
  #loss = null;

  /** @param {Tally} tally */
  constructor(tally) {
    this.#tally = tally;
  }

  get size() {
    return this.#subscribers.length;
  }

  get loss() {
    return this.#loss;
  }

  /**
   * Resolves when all `count` are subscribed; rejects when one is refused.
   * @param {object} options
   * @param {Dialect} options.dialect
   * @param {string} options.host
   * @param {number} options.port
   * @param {number} options.count
   * @param {(ready: number) => void} options.onProgress
   */
  async open({ dialect, host, port, count, onProgress }) {
    const first = this.#subscribers.length;
    let next = first;
    const openNext = async () => {
      while (next < first + count) {
        const index = next++;
        const block = Math.floor(index / CONNECTIONS_PER_ADDRESS);
        const localAddress = block === 0 ? undefined : `127.0.0.${block + 1}`;
        const token = await dialect.makeToken(index);
        const address = { host, port, path: dialect.path, localAddress };
        const subscriber = new Subscriber(index, token, dialect, this.#tally, (reason) => this.#lost(reason));
        this.#subscribers.push(subscriber);
        await subscriber.open(address, this.#readBuffer);
        onProgress(this.#subscribers.length);
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_OPENING, count) }, openNext));
  }

  /** Ends all connections; the swarm can be used again. */
  closeAll() {
    for (const subscriber of this.#subscribers) subscriber.close();
    this.#subscribers = [];
    this.#loss = null;
  }

  /** @param {string} reason */
  #lost(reason) {
    this.#loss ??= reason;
    this.#tally.abort(`a connection was lost: ${reason}`);
  }
}

/** One connection, subscribed in its dialect. */
class Subscriber {
  ready = false;
  token;
  #index;
  #dialect;
  #tally;
  #onLost;
  /** @type {RawWebSocket | null} */
  #socket = null;
  /** @type {{ resolve: () => void, reject: (error: Error) => void } | null} */
  #opening = null;

  /**
   * @param {number} index
   * @param {string} token
   * @param {Dialect} dialect
   * @param {Tally} tally
   * @param {(reason: string) => void} onLost
   */
  constructor(index, token, dialect, tally, onLost) {
    this.#index = index;
    this.token = token;
    this.#dialect = dialect;
    this.#tally = tally;
    this.#onLost = onLost;
  }

  /**
   * Resolves when it is subscribed.
   * @param {import('./raw-websocket.mjs').Address} address
   * @param {Buffer} readBuffer
   * @returns {Promise<void>}
   */
  open(address, readBuffer) {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#socket = new RawWebSocket(address, readBuffer, {
        onOpen: () => this.#dialect.opened(this),
        onText: (bytes, from, to) => this.#dialect.received(this, bytes, from, to),
        onEnd: (reason) => this.fail(reason),
      });
    });
  }

  /** @param {string} text */
  sendText(text) {
    this.#socket?.sendText(text);
  }

  becomeReady() {
    this.ready = true;
    this.token = '';
    this.#opening?.resolve();
  }

  /** @param {string} reason */
  fail(reason) {
    this.#opening?.reject(new Error(`subscriber ${this.#index}: ${reason}`));
    if (this.ready) this.#onLost(reason);
  }

  /**
   * @param {Buffer} bytes
   * @param {number} from
   * @param {number} to
   */
  countPublications(bytes, from, to) {
    for (let at = bytes.indexOf(MARK_BYTE, from); at >= 0 && at < to; at = bytes.indexOf(MARK_BYTE, at + MARK_BYTES)) {
      this.#tally.record(this.#index, bytes, at);
    }
  }

  close() {
    this.#socket?.destroy();
  }
}
