// @ts-check
/** One connection of a swarm, subscribed in its dialect; subclasses connect over WebSocket or HTTP. */

/** The address to connect to, and the local one. @typedef {import('./raw-websocket.mjs').Address} Address */

/**
 * @typedef {object} SubscriberParts
 * @property {string} token made before the connection is opened; empty if the dialect needs none
 * @property {string} channel
 * @property {import('./tally.mjs').Tally} tally
 * @property {(reason: string) => void} onLost
 */

export class Subscriber {
  /** Whether it is subscribed. */
  ready = false;
  token;
  channel;
  index;
  tally;
  #onLost;
  /** @type {{ resolve: () => void, reject: (error: Error) => void } | null} */
  #opening = null;

  /**
   * @param {number} index
   * @param {SubscriberParts} parts
   */
  constructor(index, { token, channel, tally, onLost }) {
    this.index = index;
    this.token = token;
    this.channel = channel;
    this.tally = tally;
    this.#onLost = onLost;
  }

  /**
   * Resolves when it is subscribed.
   * @param {Omit<Address, 'path'>} address
   * @param {Buffer} readBuffer
   * @returns {Promise<void>}
   */
  open(address, readBuffer) {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.connect(address, readBuffer);
    });
  }

  becomeReady() {
    this.ready = true;
    this.token = '';
    this.#opening?.resolve();
  }

  /** @param {string} reason */
  fail(reason) {
    this.#opening?.reject(new Error(`subscriber ${this.index}: ${reason}`));
    if (this.ready) this.#onLost(reason);
  }

  /**
   * @param {Omit<Address, 'path'>} _address
   * @param {Buffer} _readBuffer
   */
  connect(_address, _readBuffer) {
    throw new Error('a subclass connects');
  }

  close() {
    throw new Error('a subclass closes');
  }
}
