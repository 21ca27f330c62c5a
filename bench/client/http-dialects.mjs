// @ts-check
/** The protocols of clients of the HTTP transports: how they open, subscribe, answer pings and poll. */
import { connectionToken } from '../shared/credentials.mjs';

/**
 * @typedef {object} HttpPeer a subscriber as its dialect sees it
 * @property {string} token made before the connection is opened; empty if the dialect needs none
 * @property {string} channel
 * @property {boolean} ready whether it is subscribed
 * @property {import('./raw-http.mjs').RawHttp} http the connection that receives publications
 * @property {(path: string, body: string) => void} postAside posts over another connection, which subscribers share
 * @property {() => void} becomeReady subscribed: publications are expected from now on
 * @property {(reason: string) => void} fail
 * @property {(bytes: Buffer) => void} countPublications
 */

/**
 * @typedef {object} HttpDialect
 * @property {(index: number) => Promise<string>} makeToken
 * @property {() => { opened: (peer: HttpPeer) => void, received: (peer: HttpPeer, bytes: Buffer) => void }} start begins a subscriber's conversation
 */

const PING = Buffer.from('{}\n');

/**
 * The streaming transports: the connect command opens the response, everything else is posted over the shared connection.
 * @param {(peer: HttpPeer, connect: string) => void} open
 * @returns {HttpDialect}
 */
function streaming(open) {
  return {
    makeToken: connectionToken,
    start() {
      let head = '';
      /** @type {{ session: string, node: string } | null} */
      let address = null;
      const emulate = (/** @type {HttpPeer} */ peer, /** @type {object} */ command) =>
        peer.postAside('/emulation', JSON.stringify({ ...address, data: JSON.stringify(command) }));
      return {
        opened: (peer) => open(peer, JSON.stringify({ id: 1, connect: { token: peer.token } })),
        received(peer, bytes) {
          if (address && bytes.indexOf(PING) >= 0) emulate(peer, {});
          if (peer.ready) {
            peer.countPublications(bytes);
            return;
          }
          head += bytes.toString('utf8');
          if (head.includes('"error"')) peer.fail(`refused: ${head}`);
          const connected = /"session":"([^"]+)","node":"([^"]+)"/.exec(head);
          if (!address && connected) {
            address = { session: connected[1] ?? '', node: connected[2] ?? '' };
            emulate(peer, { id: 2, subscribe: { channel: peer.channel } });
          }
          if (head.includes('"id":2,')) {
            head = '';
            peer.becomeReady();
          }
        },
      };
    },
  };
}

const LONG_POLLING_PATH = '/connection/long_polling';

/** Fanfare's long polling: the last line of a response is the number of the batch, which the next poll acknowledges. @type {HttpDialect} */
const longPolling = {
  makeToken: connectionToken,
  start() {
    /** @type {{ session: string, node: string } | null} */
    let address = null;
    let frames = 0;
    return {
      opened(peer) {
        const commands = [
          { id: 1, connect: { token: peer.token } },
          { id: 2, subscribe: { channel: peer.channel } },
        ];
        const data = commands.map((command) => JSON.stringify(command)).join('\n');
        peer.http.post(LONG_POLLING_PATH, JSON.stringify({ data }));
      },
      received(peer, bytes) {
        const trailerAt = bytes.lastIndexOf(10, bytes.length - 2) + 1;
        const { seq, session, node } = JSON.parse(bytes.toString('latin1', trailerAt));
        address ??= { session, node };
        peer.http.post(LONG_POLLING_PATH, JSON.stringify({ ...address, ack: seq }));
        if (bytes.indexOf(PING) >= 0) {
          peer.postAside(LONG_POLLING_PATH, JSON.stringify({ ...address, id: ++frames, data: '{}' }));
        }
        if (peer.ready) {
          peer.countPublications(bytes);
          return;
        }
        const text = bytes.toString('utf8');
        if (text.includes('"error"')) peer.fail(`refused: ${text}`);
        if (!text.includes('"id":2,')) return;
        peer.becomeReady();
        peer.countPublications(bytes);
      },
    };
  },
};

const SEPARATOR = '\u001e';
const POLL_PATH = '/socket.io/?EIO=4&transport=polling';

/** Engine.IO 4 over long polling: packets of a response are separated by 0x1e. @type {HttpDialect} */
const socketioPolling = {
  makeToken: async () => '',
  start() {
    let path = '';
    return {
      opened: (peer) => peer.http.get(`${POLL_PATH}&channel=${encodeURIComponent(peer.channel)}`),
      received(peer, bytes) {
        if (path === '') {
          const sid = /"sid":"([^"]+)"/.exec(bytes.toString('utf8'))?.[1];
          path = `${POLL_PATH}&sid=${sid}`;
          peer.http.post(path, '40', 'text/plain');
          return;
        }
        const text = bytes.toString('latin1', 0, 3);
        if (text === 'ok') {
          peer.http.get(path);
          return;
        }
        if (text.startsWith('40')) peer.becomeReady();
        else if (text.startsWith('42') || peer.ready) peer.countPublications(bytes);
        else peer.fail(`unexpected packet: ${bytes.toString('utf8', 0, 80)}`);
        // A ping is a packet of its own; only short responses are searched for it, which are few.
        const pinged = bytes.length < 4096 && bytes.toString('latin1').split(SEPARATOR).includes('2');
        if (pinged) peer.http.post(path, '3', 'text/plain');
        else peer.http.get(path);
      },
    };
  },
};

/** @type {Readonly<Record<string, HttpDialect>>} */
export const HTTP_DIALECTS = {
  http_stream: streaming((peer, connect) => peer.http.post('/connection/http_stream', connect)),
  sse: streaming((peer, connect) => peer.http.get(`/connection/sse?cf_connect=${encodeURIComponent(connect)}`)),
  long_polling: longPolling,
  'socketio-polling': socketioPolling,
};
