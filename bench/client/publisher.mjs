// @ts-check
/** A client of Fanfare that publishes: what is published in one turn of its event loop leaves in one frame. */
import { CHANNEL, connectionToken } from '../shared/credentials.mjs';
import { DIALECTS } from './dialects.mjs';
import { WebSocketSubscriber } from './websocket-subscriber.mjs';

const READ_BUFFER_BYTES = 64 * 1024;
/** The user, whom no subscriber is. */
const USER = 1_000_000;

/** Connects, and looks at each reply. @type {import('./dialects.mjs').Dialect} */
const publishing = {
  pathOf: (channel) => DIALECTS.fanfare?.pathOf(channel) ?? '',
  makeToken: connectionToken,
  opened: (peer) => peer.sendText(JSON.stringify({ id: 1, connect: { token: peer.token } })),
  received(peer, bytes, from, to) {
    for (const line of bytes.toString('utf8', from, to).split('\n')) {
      if (line === '{}') peer.sendText('{}');
      else if (line.includes('"error"')) peer.fail(`refused: ${line}`);
      else if (!peer.ready) peer.becomeReady();
    }
  },
};

export class Publisher {
  #socket;
  /** @type {string[]} */
  #unsent = [];
  #lastId = 1;

  /** @param {WebSocketSubscriber} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * Resolves when it is connected.
   * @param {{ host: string, port: number }} address
   * @param {import('./tally.mjs').Tally} tally is aborted when the connection is lost, or a publication refused
   */
  static async open(address, tally) {
    const socket = new WebSocketSubscriber(USER, publishing, {
      token: await publishing.makeToken(USER),
      channel: CHANNEL,
      tally,
      onLost: (reason) => tally.abort(`the publisher: ${reason}`),
    });
    await socket.open({ ...address, localAddress: undefined }, Buffer.allocUnsafeSlow(READ_BUFFER_BYTES));
    return new Publisher(socket);
  }

  /** @param {object} data */
  publish(data) {
    this.#lastId += 1;
    const isFirst = this.#unsent.push(JSON.stringify({ id: this.#lastId, publish: { channel: CHANNEL, data } })) === 1;
    if (isFirst) queueMicrotask(() => this.#send());
  }

  close() {
    this.#socket.close();
  }

  #send() {
    this.#socket.sendText(this.#unsent.join('\n'));
    this.#unsent = [];
  }
}
