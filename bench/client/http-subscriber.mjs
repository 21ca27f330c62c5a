// @ts-check
/** A subscriber over an HTTP transport: one connection receives publications, requests go over another. */
import { MARK_BYTE, MARK_BYTES } from '../shared/payload.mjs';
import { RawHttp } from './raw-http.mjs';
import { Subscriber } from './subscriber.mjs';

const ASIDE_BUFFER_BYTES = 256 * 1024;

/** @typedef {Omit<import('./subscriber.mjs').Address, 'path'>} Address */

export class HttpSubscriber extends Subscriber {
  #dialect;
  #aside;
  /** @type {RawHttp | null} */
  #http = null;
  /** The beginning of a mark that was split over two reads. @type {Buffer | null} */
  #cut = null;

  /**
   * @param {number} index
   * @param {import('./http-dialects.mjs').HttpDialect} dialect
   * @param {import('./subscriber.mjs').SubscriberParts} parts
   * @param {Aside} aside
   */
  constructor(index, dialect, parts, aside) {
    super(index, parts);
    this.#dialect = dialect;
    this.#aside = aside;
  }

  get http() {
    if (!this.#http) throw new Error('not open');
    return this.#http;
  }

  /**
   * @param {string} path
   * @param {string} body
   */
  postAside(path, body) {
    this.#aside.post(path, body);
  }

  /**
   * @override
   * @param {Address} address
   * @param {Buffer} readBuffer
   */
  connect(address, readBuffer) {
    const talk = this.#dialect.start();
    this.#aside.open(address, (reason) => this.fail(reason));
    this.#http = new RawHttp(address, readBuffer, {
      onOpen: () => talk.opened(this),
      onBody: (bytes) => talk.received(this, bytes),
      onEnd: (reason) => this.fail(reason),
    });
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
      this.tally.record(this.index, bytes, at);
    }
  }

  /** @override */
  close() {
    this.#http?.destroy();
  }
}

/** The connection for the requests of all subscribers of a process: browsers share connections too. */
export class Aside {
  /** @type {RawHttp | null} */
  #http = null;

  /**
   * @param {Address} address
   * @param {(reason: string) => void} onLost
   */
  open({ host, port }, onLost) {
    this.#http ??= new RawHttp({ host, port, localAddress: undefined }, Buffer.allocUnsafeSlow(ASIDE_BUFFER_BYTES), {
      onOpen() {},
      onBody() {},
      onEnd: (reason) => {
        this.#http = null;
        onLost(`requests: ${reason}`);
      },
    });
  }

  /**
   * The socket keeps the request until it is connected.
   * @param {string} path
   * @param {string} body
   */
  post(path, body) {
    this.#http?.post(path, body);
  }
}
