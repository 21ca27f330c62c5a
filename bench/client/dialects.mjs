// @ts-check
/** The protocols of the servers' clients, except counting publications: greeting, subscribing, answering pings. */
import { connectionToken } from '../shared/credentials.mjs';

/**
 * @typedef {object} Peer a connection as its dialect sees it
 * @property {string} token made before the connection is opened; empty if the dialect needs none
 * @property {string} channel
 * @property {boolean} ready whether it is subscribed
 * @property {(text: string) => void} sendText
 * @property {() => void} becomeReady subscribed: publications are expected from now on
 * @property {(reason: string) => void} fail
 * @property {(bytes: Buffer, from: number, to: number) => void} countPublications
 */

/**
 * @typedef {object} Dialect
 * @property {(channel: string) => string} pathOf of the URL for subscribers of the channel
 * @property {(index: number) => Promise<string>} makeToken
 * @property {(peer: Peer) => void} opened
 * @property {(peer: Peer, bytes: Buffer, from: number, to: number) => void} received one text message
 */

const noToken = async () => '';

/** Bare messages: a connection is a subscription. @type {Dialect} */
const bare = {
  pathOf: () => '/',
  makeToken: noToken,
  opened: (peer) => peer.becomeReady(),
  received: (peer, bytes, from, to) => peer.countPublications(bytes, from, to),
};

/** Engine.IO 4 packets ("0" open, "2" ping, "3" pong) that contain Socket.IO 5 packets ("40" connect, "42" data). */
const socketio = /** @type {Dialect} */ ({
  pathOf: (channel) => `/socket.io/?EIO=4&transport=websocket&channel=${encodeURIComponent(channel)}`,
  makeToken: noToken,
  opened() {},
  received(peer, bytes, from, to) {
    const packet = String.fromCharCode(bytes[from] ?? 0);
    const type = packet === '4' ? String.fromCharCode(bytes[from + 1] ?? 0) : '';
    if (type === '2') peer.countPublications(bytes, from, to);
    else if (packet === '2') peer.sendText('3');
    else if (packet === '0') peer.sendText('40');
    else if (type === '0') peer.becomeReady();
    else peer.fail(`unexpected packet: ${bytes.toString('utf8', from, Math.min(to, from + 80))}`);
  },
});

const PING_TAIL = Buffer.from('\n{}');

/**
 * Whether a frame contains a ping, also after other messages.
 * @param {Buffer} bytes
 * @param {number} from
 * @param {number} to
 */
function holdsPing(bytes, from, to) {
  if (bytes[from] === 0x7b && bytes[from + 1] === 0x7d) return true;
  return bytes.subarray(from, to).indexOf(PING_TAIL) >= 0;
}

/** Centrifugal protocol v2 in JSON: messages joined by newlines, `{}` is a ping in both directions. */
const centrifugal = /** @type {Dialect} */ ({
  pathOf: () => '/connection/websocket',
  makeToken: connectionToken,
  opened(peer) {
    const connect = { id: 1, connect: { token: peer.token } };
    const subscribe = { id: 2, subscribe: { channel: peer.channel } };
    peer.sendText(`${JSON.stringify(connect)}\n${JSON.stringify(subscribe)}`);
  },
  received(peer, bytes, from, to) {
    if (holdsPing(bytes, from, to)) peer.sendText('{}');
    if (peer.ready) {
      peer.countPublications(bytes, from, to);
      return;
    }
    for (const line of bytes.toString('utf8', from, to).split('\n')) {
      const reply = JSON.parse(line);
      if (reply.error) peer.fail(`refused: ${line}`);
      else if (reply.id === 2) peer.becomeReady();
    }
  },
});

/** @type {Readonly<Record<string, Dialect>>} */
export const DIALECTS = { ws: bare, socketio, fanfare: centrifugal };
