// @ts-check
/** One subscriber of bench/slow.mjs over WebSocket, which may read slowly: what it has seen, and when. */
import { RawWebSocket } from '../client/raw-websocket.mjs';
import { dueUsAt, MARK_BYTE, MARK_BYTES, nowUs, sequenceAt } from '../shared/payload.mjs';

export const channelName = 'feed:a';
const COMMANDS = ['{"id":1,"connect":{}}', `{"id":2,"subscribe":{"channel":"${channelName}"}}`];
const PATH = '/connection/websocket';

/**
 * What one reader has seen.
 * @typedef {object} Seen
 * @property {number} bytesPerSec
 * @property {number} count
 * @property {number} first number; 0: none
 * @property {number} last
 * @property {number} holes numbers that were left out, in how many places
 * @property {number} disorders numbers that are not above the one before
 * @property {number} mostBehindMs between two readings: how old what it had last was when the next came
 * @property {string} end why its connection has ended; empty: it has not
 */

export class Reader {
  /** @type {Seen} */
  seen;
  /** Milliseconds from when a publication was due, of all that came. @type {number[]} */
  latencies = [];
  #lastDueUs = 0;
  /** @type {RawWebSocket | undefined} */
  #socket;

  /** @param {number} bytesPerSec */
  constructor(bytesPerSec) {
    this.seen = { bytesPerSec, count: 0, first: 0, last: 0, holes: 0, disorders: 0, mostBehindMs: 0, end: '' };
  }

  get isHealthy() {
    return this.seen.bytesPerSec === Number.POSITIVE_INFINITY;
  }

  /** @param {number} port @param {Buffer} shared @returns {Promise<void>} */
  join(port, shared) {
    const { bytesPerSec } = this.seen;
    // Small pieces, so that a slow reader does not read in bursts.
    const buffer = this.isHealthy ? shared : Buffer.allocUnsafe(Math.min(16_384, Math.max(512, bytesPerSec)));
    return new Promise((resolve, reject) => {
      let left = COMMANDS.length;
      const next = () => this.#socket?.sendText(COMMANDS.at(-left) ?? '');
      this.#socket = new RawWebSocket({ host: '127.0.0.1', port, path: PATH, localAddress: undefined }, buffer, {
        onOpen: next,
        onText: (bytes, from, to) => {
          if (left === 0) this.#take(bytes, from, to);
          else if (--left > 0) next();
          else {
            if (!this.isHealthy) this.#socket?.readSlowly(bytesPerSec);
            resolve();
          }
        },
        onEnd: (reason) => {
          this.seen.end = reason;
          reject(new Error(reason));
        },
      });
    });
  }

  /** The line is fast again. */
  hurry() {
    this.#socket?.readSlowly(Number.POSITIVE_INFINITY);
  }

  leave() {
    this.#socket?.destroy();
  }

  /** @param {Buffer} bytes @param {number} from @param {number} to */
  #take(bytes, from, to) {
    const now = nowUs();
    const { seen } = this;
    for (let at = bytes.indexOf(MARK_BYTE, from); at >= 0 && at < to; at = bytes.indexOf(MARK_BYTE, at + MARK_BYTES)) {
      const number = sequenceAt(bytes, at);
      const dueUs = dueUsAt(bytes, at);
      if (seen.count++ === 0) seen.first = number;
      else if (number <= seen.last) seen.disorders++;
      else if (number > seen.last + 1) seen.holes++;
      if (this.#lastDueUs > 0) seen.mostBehindMs = Math.max(seen.mostBehindMs, (now - this.#lastDueUs) / 1e3);
      seen.last = number;
      this.#lastDueUs = dueUs;
      if (this.isHealthy) this.latencies.push((now - dueUs) / 1e3);
    }
  }
}
