// @ts-check
/** Many subscribers of an HTTP transport in one process; as the swarm of WebSockets, with requests. */
import { MARK_BYTE, MARK_BYTES } from '../payload.mjs';
import { RawHttp } from './raw-http.mjs';

const READ_BUFFER_BYTES = 256 * 1024;
const MAX_OPENING = 100;
const CONNECTIONS_PER_ADDRESS = 20_000;

/** @typedef {import('./http-dialects.mjs').HttpDialect} HttpDialect */
/** @typedef {import('./tally.mjs').Tally} Tally */
/** @typedef {{ host: string, port: number, localAddress: string | undefined }} Address */

export class HttpSwarm {
  /** @type {HttpSubscriber[]} */
  #subscribers = [];
  #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  #tally;
  /** Carries what is posted aside: browsers share connections too. @type {RawHttp | null} */
  #aside = null;
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
   * @param {HttpDialect} options.dialect
   * @param {string} options.host
   * @param {number} options.port
   * @param {number} options.count
   * @param {(ready: number) => void} options.onProgress
   */
  async open({ dialect, host, port, count, onProgress }) {
    const aside = await this.#openAside(host, port);
    const first = this.#subscribers.length;
    let next = first;
    const openNext = async () => {
      while (next < first + count) {
        const index = next++;
        const block = Math.floor(index / CONNECTIONS_PER_ADDRESS);
        const address = { host, port, localAddress: block === 0 ? undefined : `127.0.0.${block + 1}` };
        const subscriber = new HttpSubscriber(index, {
          token: await dialect.makeToken(index),
          postAside: (path, body) => aside.post(path, body),
          tally: this.#tally,
          onLost: (reason) => this.#lost(reason),
        });
        this.#subscribers.push(subscriber);
        await subscriber.open(dialect, address, this.#readBuffer);
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

  /**
   * @param {string} host
   * @param {number} port
   * @returns {Promise<RawHttp>}
   */
  #openAside(host, port) {
    const known = this.#aside;
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      const aside = new RawHttp({ host, port, localAddress: undefined }, Buffer.allocUnsafeSlow(READ_BUFFER_BYTES), {
        onOpen: () => resolve(aside),
        onBody() {},
        onEnd: (reason) => {
          this.#aside = null;
          this.#lost(`requests: ${reason}`);
        },
      });
      this.#aside = aside;
    });
  }

  /** @param {string} reason */
  #lost(reason) {
    this.#loss ??= reason;
    this.#tally.abort(`a connection was lost: ${reason}`);
  }
}

/** One connection, subscribed in its dialect. */
class HttpSubscriber {
  ready = false;
  token;
  postAside;
  #index;
  #tally;
  #onLost;
  /** @type {RawHttp | null} */
  #http = null;
  /** The beginning of a mark that was cut by a read. @type {Buffer | null} */
  #cut = null;
  /** @type {{ resolve: () => void, reject: (error: Error) => void } | null} */
  #opening = null;

  /**
   * @param {number} index
   * @param {object} parts
   * @param {string} parts.token
   * @param {(path: string, body: string) => void} parts.postAside
   * @param {Tally} parts.tally
   * @param {(reason: string) => void} parts.onLost
   */
  constructor(index, { token, postAside, tally, onLost }) {
    this.#index = index;
    this.token = token;
    this.postAside = postAside;
    this.#tally = tally;
    this.#onLost = onLost;
  }

  get http() {
    if (!this.#http) throw new Error('not open');
    return this.#http;
  }

  /**
   * Resolves when it is subscribed.
   * @param {HttpDialect} dialect
   * @param {Address} address
   * @param {Buffer} readBuffer
   * @returns {Promise<void>}
   */
  open(dialect, address, readBuffer) {
    const talk = dialect.start();
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#http = new RawHttp(address, readBuffer, {
        onOpen: () => talk.opened(this),
        onBody: (bytes) => talk.received(this, bytes),
        onEnd: (reason) => this.fail(reason),
      });
    });
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

  /** @param {Buffer} received */
  countPublications(received) {
    const bytes = this.#cut ? Buffer.concat([this.#cut, received]) : received;
    this.#cut = null;
    for (let at = bytes.indexOf(MARK_BYTE); at >= 0; at = bytes.indexOf(MARK_BYTE, at + MARK_BYTES)) {
      if (at + MARK_BYTES > bytes.length) {
        this.#cut = Buffer.from(bytes.subarray(at));
        break;
      }
      this.#tally.record(this.#index, bytes, at);
    }
  }

  close() {
    this.#http?.destroy();
  }
}
