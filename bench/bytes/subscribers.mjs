// @ts-check
/**
 * The subscribers: the official SDK of the Centrifugal protocol, and a reader of Socket.IO's frames, over sockets of `ws`
 * whose bytes are counted as they come from the network.
 */
import { Centrifuge as JsonCentrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { WebSocket } from 'ws';
import { CHANNEL } from './servers.mjs';

const READY_WITHIN_MS = 20_000;

/** @typedef {import('./rows.mjs').Row} Row */
/**
 * @typedef {object} Subscriber
 * @property {() => number} bytes that its socket has read
 * @property {() => string | undefined} declined the option of the row that the server does not have
 * @property {() => void} close
 */

/**
 * Resolves when it is subscribed.
 * @param {Row} row
 * @param {number} port
 * @param {import('./loads.mjs').Load} load
 * @param {(data: unknown) => void} onData
 * @returns {Promise<Subscriber>}
 */
export function subscribe(row, port, load, onData) {
  return row.server === 'socketio' ? bySocketIo(row, port, onData) : bySdk(row, port, load, onData);
}

/**
 * @param {Row} row
 * @param {number} port
 * @param {import('./loads.mjs').Load} load
 * @param {(data: unknown) => void} onData
 * @returns {Promise<Subscriber>}
 */
async function bySdk({ options }, port, load, onData) {
  const isProtobuf = options.includes('protobuf');
  const meter = meteredSocket(options.includes('deflate'));
  const Client = isProtobuf ? ProtobufCentrifuge : JsonCentrifuge;
  const client = new Client(`ws://127.0.0.1:${port}/connection/websocket`, { websocket: meter.Socket });
  const subscription = client.newSubscription(CHANNEL, {
    ...(options.includes('delta') && { delta: /** @type {const} */ ('fossil') }),
    ...(options.includes('filter') && { tagsFilter: load.filter }),
  });
  subscription.on('publication', ({ data }) => onData(isProtobuf ? JSON.parse(Buffer.from(data).toString()) : data));
  subscription.subscribe();
  client.connect();
  await subscription.ready(READY_WITHIN_MS);
  return {
    bytes: meter.bytes,
    declined() {
      if (options.includes('deflate') && !meter.isDeflated()) return 'deflate';
      // @ts-expect-error – what was agreed is not public
      if (options.includes('delta') && !subscription._delta_negotiated) return 'delta';
      // @ts-expect-error – as above
      return options.includes('compaction') && !subscription._id ? 'compaction' : undefined;
    },
    close: () => client.disconnect(),
  };
}

/**
 * @param {Row} row
 * @param {number} port
 * @param {(data: unknown) => void} onData
 * @returns {Promise<Subscriber>}
 */
async function bySocketIo({ options }, port, onData) {
  const meter = meteredSocket(options.includes('deflate'));
  const socket = new meter.Socket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (frame) => {
      const text = String(frame);
      if (text.startsWith('0')) socket.send('40');
      else if (text === '2') socket.send('3');
      else if (text.startsWith('40')) resolve(undefined);
      else if (text.startsWith('42')) onData(JSON.parse(text.slice(2))[1]);
    });
  });
  return {
    bytes: meter.bytes,
    declined: () => (options.includes('deflate') && !meter.isDeflated() ? 'deflate' : undefined),
    close: () => socket.terminate(),
  };
}

/** @param {boolean} deflate */
function meteredSocket(deflate) {
  /** @type {import('node:net').Socket | undefined} */
  let line;
  /** @type {WebSocket | undefined} */
  let opened;
  class Socket extends WebSocket {
    /**
     * @param {string} url
     * @param {string | string[]} [protocols]
     */
    constructor(url, protocols) {
      super(url, protocols, { perMessageDeflate: deflate });
      opened = this;
      this.once('upgrade', (response) => {
        line = response.socket;
      });
    }
  }
  return {
    Socket,
    bytes: () => line?.bytesRead ?? 0,
    isDeflated: () => opened?.extensions.includes('permessage-deflate') === true,
  };
}
