// @ts-check
/** A subscriber over WebSocket: passes every publication of a message to the tally. */
import { MARK_BYTE, MARK_BYTES } from '../shared/payload.mjs';
import { RawWebSocket } from './raw-websocket.mjs';
import { Subscriber } from './subscriber.mjs';

export class WebSocketSubscriber extends Subscriber {
  #dialect;
  /** @type {RawWebSocket | null} */
  #socket = null;

  /**
   * @param {number} index
   * @param {import('./dialects.mjs').Dialect} dialect
   * @param {import('./subscriber.mjs').SubscriberParts} parts
   */
  constructor(index, dialect, parts) {
    super(index, parts);
    this.#dialect = dialect;
  }

  /**
   * @override
   * @param {Omit<import('./subscriber.mjs').Address, 'path'>} address
   * @param {Buffer} readBuffer
   */
  connect(address, readBuffer) {
    const dialect = this.#dialect;
    this.#socket = new RawWebSocket({ ...address, path: dialect.pathOf(this.channel) }, readBuffer, {
      onOpen: () => dialect.opened(this),
      onText: (bytes, from, to) => dialect.received(this, bytes, from, to),
      onEnd: (reason) => this.fail(reason),
    });
  }

  /** @param {string} text */
  sendText(text) {
    this.#socket?.sendText(text);
  }

  /**
   * @param {Buffer} bytes
   * @param {number} from
   * @param {number} to
   */
  countPublications(bytes, from, to) {
    for (let at = bytes.indexOf(MARK_BYTE, from); at >= 0 && at < to; at = bytes.indexOf(MARK_BYTE, at + MARK_BYTES)) {
      this.tally.record(this.index, bytes, at);
    }
  }

  /** @override */
  close() {
    this.#socket?.destroy();
  }
}
