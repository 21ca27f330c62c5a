// @ts-check
/**
 * The subscribers: the official SDK of the Centrifugal protocol, and a reader of Socket.IO's frames, over sockets and streams
 * whose bytes are counted as they come from the network.
 */
import { Centrifuge as JsonCentrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { meteredFetch } from './metered-fetch.mjs';
import { meteredSocket } from './metered-socket.mjs';
import { base64Of, CHANNEL } from './servers.mjs';

const READY_WITHIN_MS = 20_000;

/** @typedef {import('./rows.mjs').Row} Row */
/**
 * @typedef {object} Subscriber
 * @property {() => number} bytes that its socket has read
 * @property {() => number} frames that it has read over WebSocket
 * @property {() => string | Uint8Array} greeting the first frame that it sent over WebSocket, with which it connects and subscribes
 * @property {() => string | undefined} declined the option of the row that the server does not have
 * @property {() => Buffer | undefined} dictionary the content of the one that it was given
 * @property {() => void} close
 */

/**
 * Resolves when it is subscribed.
 * @param {Row} row
 * @param {number} port
 * @param {import('./loads.mjs').Load} load
 * @param {(data: string) => void} onData gets messages as JSON, or bytes as base64
 * @returns {Promise<Subscriber>}
 */
export function subscribe(row, port, load, onData) {
  return row.server === 'socketio' ? bySocketIo(row, port, onData) : bySdk(row, port, load, onData);
}

/**
 * @param {Row} row
 * @param {number} port
 * @param {import('./loads.mjs').Load} load
 * @param {(data: string) => void} onData
 * @returns {Promise<Subscriber>}
 */
async function bySdk({ options }, port, load, onData) {
  const [isProtobuf, isBinary] = [options.includes('protobuf'), options.includes('binary')];
  const meter = meteredSocket({
    isProtobuf,
    deflate: options.includes('deflate'),
    dictionary: options.includes('dictionary'),
  });
  const stream = meteredFetch();
  const host = `127.0.0.1:${port}`;
  const Client = isProtobuf ? ProtobufCentrifuge : JsonCentrifuge;
  const client = options.includes('http')
    ? new Client([{ transport: 'http_stream', endpoint: `http://${host}/connection/http_stream` }], {
        emulationEndpoint: `http://${host}/emulation`,
        // What the client sends goes other ways than what is counted.
        fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) =>
          url.endsWith('/emulation') ? fetch(url, init) : stream.fetch(url, /** @type {never} */ (init)),
      })
    : new Client(`ws://${host}/connection/websocket`, { websocket: meter.Socket });
  const subscription = client.newSubscription(CHANNEL, {
    ...(options.includes('delta') && { delta: /** @type {const} */ ('fossil') }),
    ...(options.includes('filter') && { tagsFilter: load.filter }),
  });
  subscription.on('publication', ({ data }) => {
    if (isBinary) onData(base64Of(data));
    else onData(JSON.stringify(isProtobuf ? JSON.parse(Buffer.from(data).toString()) : data));
  });
  subscription.subscribe();
  client.connect();
  await subscription.ready(READY_WITHIN_MS);
  return {
    bytes: options.includes('http') ? stream.bytes : meter.bytes,
    frames: meter.frames,
    greeting: meter.greeting,
    declined() {
      if (options.includes('deflate') && !meter.isDeflated()) return 'deflate';
      if (options.includes('dictionary') && meter.dictionary() === undefined) return 'dictionary';
      // @ts-expect-error – what was agreed is not public
      if (options.includes('delta') && !subscription._delta_negotiated) return 'delta';
      // @ts-expect-error – as above
      return options.includes('compaction') && !subscription._id ? 'compaction' : undefined;
    },
    dictionary: meter.dictionary,
    close: () => client.disconnect(),
  };
}

/**
 * @param {Row} row
 * @param {number} port
 * @param {(data: string) => void} onData
 * @returns {Promise<Subscriber>}
 */
async function bySocketIo({ options }, port, onData) {
  const meter = meteredSocket({ isProtobuf: false, deflate: options.includes('deflate'), dictionary: false });
  const socket = new meter.Socket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (frame) => {
      const text = String(frame);
      if (text.startsWith('0')) socket.send('40');
      else if (text === '2') socket.send('3');
      else if (text.startsWith('40')) resolve(undefined);
      else if (text.startsWith('42')) onData(JSON.stringify(JSON.parse(text.slice(2))[1]));
    });
  });
  return {
    bytes: meter.bytes,
    frames: meter.frames,
    greeting: meter.greeting,
    declined: () => (options.includes('deflate') && !meter.isDeflated() ? 'deflate' : undefined),
    dictionary: meter.dictionary,
    close: () => socket.terminate(),
  };
}
