// @ts-check
/** Many subscribers in one process: opens them a few at a time, and notices when one is lost. */
import { CHANNEL } from '../shared/credentials.mjs';
import { DIALECTS } from './dialects.mjs';
import { HTTP_DIALECTS } from './http-dialects.mjs';
import { Aside, HttpSubscriber } from './http-subscriber.mjs';
import { WebSocketSubscriber } from './websocket-subscriber.mjs';

const READ_BUFFER_BYTES = 256 * 1024;
/** Most connections that are opened at one time: below Node's listen backlog (511). */
const MAX_OPENING = 100;
/** Source ports of one address that are certainly free; beyond them the next loopback address is used. */
const CONNECTIONS_PER_ADDRESS = 20_000;

/** @typedef {import('./subscriber.mjs').Subscriber} Subscriber */
/** @typedef {import('./tally.mjs').Tally} Tally */

/**
 * @typedef {object} OpenRequest
 * @property {string} dialect name of a dialect of WebSocket or of HTTP
 * @property {string} host
 * @property {number} port
 * @property {number} count
 * @property {string[]} [channels] one per subscriber; default: all are on the same channel
 */

export class Swarm {
  /** @type {Subscriber[]} */
  #subscribers = [];
  #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  #aside = new Aside();
  #tally;
  /** Why the first lost connection was lost. @type {string | null} */
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
   * Resolves when all `count` are subscribed; rejects if one is refused.
   * @param {OpenRequest} request
   * @param {() => void} onReady called for each subscriber
   */
  async open({ dialect, host, port, count, channels }, onReady) {
    const first = this.#subscribers.length;
    let next = first;
    const openNext = async () => {
      while (next < first + count) {
        const index = next++;
        const subscriber = await this.#make(index, dialect, channels?.[index - first] ?? CHANNEL);
        this.#subscribers.push(subscriber);
        const block = Math.floor(index / CONNECTIONS_PER_ADDRESS);
        const localAddress = block === 0 ? undefined : `127.0.0.${block + 1}`;
        await subscriber.open({ host, port, localAddress }, this.#readBuffer);
        onReady();
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_OPENING, count) }, openNext));
  }

  /** Closes all connections; the swarm can be used again. */
  closeAll() {
    for (const subscriber of this.#subscribers) subscriber.close();
    this.#subscribers = [];
    this.#loss = null;
  }

  /**
   * @param {number} index
   * @param {string} name
   * @param {string} channel
   * @returns {Promise<Subscriber>}
   */
  async #make(index, name, channel) {
    const parts = async (/** @type {{ makeToken: (index: number) => Promise<string> }} */ dialect) => ({
      token: await dialect.makeToken(index),
      channel,
      tally: this.#tally,
      onLost: (/** @type {string} */ reason) => this.#lost(reason),
    });
    const webSocket = DIALECTS[name];
    if (webSocket) return new WebSocketSubscriber(index, webSocket, await parts(webSocket));
    const http = HTTP_DIALECTS[name];
    if (http) return new HttpSubscriber(index, http, await parts(http), this.#aside);
    throw new Error(`no dialect ${name}`);
  }

  /** @param {string} reason */
  #lost(reason) {
    this.#loss ??= reason;
    this.#tally.abort(`a connection was lost: ${reason}`);
  }
}
