// @ts-check
/**
 * Clients that come to a map, in a process of their own: most read the pages as the official SDK asks for them and count
 * their entries; a few are that SDK, and compare all of it.
 */
import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';
import { RawWebSocket } from '../client/raw-websocket.mjs';
import { answerRequests } from '../shared/ipc.mjs';

const READ_BUFFER_BYTES = 1 << 20;
const KEY_MARK = Buffer.from('"key":"');
/** Of a reply: everything but its entries is before them. */
const HEAD_BYTES = 400;
const CONNECTS_AT_ONCE = 100;
const SDK_TIMEOUT_MS = 600_000;

/** @typedef {{ port: number, channel: string, keys: number, count: number, sdks: number }} Coming */

const readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
/** @type {(() => void)[]} */
const closers = [];

answerRequests({
  /** They connect, and then all ask. Resolves once each of them has the whole state, with how long the slowest took. */
  async come(/** @type {Coming} */ { port, channel, keys, count, sdks }) {
    /** @type {(() => Promise<number>)[]} */
    const reads = [];
    while (reads.length < count - sdks) {
      // No more than may wait to be accepted at a time: the others would be reset.
      const some = Math.min(CONNECTS_AT_ONCE, count - sdks - reads.length);
      reads.push(...(await Promise.all(Array.from({ length: some }, () => connectRaw(port, channel, keys)))));
    }
    const startedMs = performance.now();
    const raw = reads.map((read) => read());
    const official = Array.from({ length: sdks }, () => readOfficial(port, channel, keys));
    const took = (await Promise.all([...raw, ...official])).map((at) => at - startedMs).sort((a, b) => a - b);
    return { medianMs: took[took.length >> 1] ?? 0, slowestMs: took.at(-1) ?? 0 };
  },
  leave() {
    for (const close of closers.splice(0)) close();
  },
});

/**
 * @param {number} port
 * @param {string} channel
 * @param {number} keys that it must get
 * @returns {Promise<() => Promise<number>>} reads the state, and resolves with when it had all of it
 */
function connectRaw(port, channel, keys) {
  return new Promise((connected, failed) => {
    /** @type {(atMs: number) => void} */
    let resolve = () => undefined;
    /** @type {(error: Error) => void} */
    let reject = failed;
    const read = () => {
      /** @type {Promise<number>} */
      const whole = new Promise((done, fail) => {
        [resolve, reject] = [done, fail];
      });
      ask('');
      return whole;
    };
    let [id, count] = [1, 0];
    let position = '';
    const ask = (/** @type {string} */ more) => {
      id++;
      socket.sendText(`{"id":${id},"subscribe":{"channel":"${channel}","type":1,"phase":2,"flag":1${more}}}`);
    };
    const socket = new RawWebSocket(
      { host: '127.0.0.1', port, path: '/connection/websocket', localAddress: undefined },
      readBuffer,
      {
        onOpen: () => socket.sendText('{"id":1,"connect":{}}'),
        onText(bytes, from, to) {
          const head = bytes.toString('latin1', from, Math.min(to, from + HEAD_BYTES));
          // A ping may come behind a reply.
          if (bytes[to - 2] === 0x7b && (to - from === 2 || bytes[to - 3] === 0x0a)) socket.sendText('{}');
          if (head.startsWith('{"id":1,')) return connected(read);
          if (!head.startsWith(`{"id":${id},"subscribe":`)) return;
          for (let at = bytes.indexOf(KEY_MARK, from); at >= 0 && at < to; at = bytes.indexOf(KEY_MARK, at + 1))
            count++;
          position ||= `,"offset":${/"offset":(\d+)/.exec(head)?.[1]},"epoch":"${/"epoch":"([^"]*)"/.exec(head)?.[1]}"`;
          const cursor = /"cursor":"(\d+)"/.exec(head)?.[1];
          if (cursor !== undefined) return ask(`,"cursor":"${cursor}"${position}`);
          if (count === keys) resolve(performance.now());
          else reject(new Error(`a newcomer got ${count} keys where there are ${keys}: ${head.slice(0, 200)}`));
        },
        onEnd: (reason) => reject(new Error(reason)),
      },
    );
    closers.push(() => socket.destroy());
  });
}

/**
 * @param {number} port
 * @param {string} channel
 * @param {number} keys
 */
async function readOfficial(port, channel, keys) {
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
    websocket: WebSocket,
    timeout: SDK_TIMEOUT_MS,
  });
  closers.push(() => client.disconnect());
  const subscription = client.newMapSubscription(channel);
  /** @type {Promise<number>} */
  const synced = new Promise((resolve) =>
    subscription.once('sync', ({ entries }) => resolve(new Set(entries.map(({ key }) => key)).size)),
  );
  subscription.subscribe();
  client.connect();
  const size = await synced;
  if (size !== keys) throw new Error(`the official SDK got ${size} keys where there are ${keys}`);
  return performance.now();
}
