// @ts-check
/** What compression costs the server: a message to many clients with it and without, beside `ws`, which compresses for each. */
import { WebSocket } from 'ws';
import { RawWebSocket } from './client/raw-websocket.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';

const HELP = `Usage: node bench/deflate.mjs [options]

CPU time of the server for each delivery of a message, and bytes of a frame, compressed and not, in Fanfare and in a loop over
ws.send; then the memory of an idle connection. Both ways run in turn in each round.

  --only NAME      fanfare or ws                                   (both)
  --subscribers N  clients that get each message                   (500)
  --messages N     messages a round, of each size                  (100)
  --rounds N       paired rounds; medians are reported             (5)
  --idle N         idle connections for the memory                 (3000)
  --help           this text`;

const KINDS = /** @type {const} */ (['fanfare', 'ws']);
const OFFER = 'permessage-deflate; client_max_window_bits';
/** Each is sent when the one before it is answered. */
const COMMANDS = ['{"id":1,"connect":{}}', '{"id":2,"subscribe":{"channel":"room:a"}}'];

/** @param {number} count */
const rows = (count) =>
  Array.from({ length: count }, (_, n) => ({
    id: (n * 7_919) % 100_003,
    symbol: ['EURUSD', 'GBPUSD', 'BTCUSD'][n % 3],
    bid: 1 + ((n * 7_907) % 9_973) / 1e4,
    ask: 1 + ((n * 104_729) % 9_973) / 1e4,
  }));
const SIZES = {
  '4 rows, 0.3 kB': rows(4),
  '16 rows, 1 kB': rows(16),
  '64 rows, 4 kB': rows(64),
  '256 rows, 17 kB': rows(256),
};

const readBuffer = Buffer.allocUnsafe(65_536);

/** Clients that count frames, and one that reads them. */
class Audience {
  /** @type {RawWebSocket[]} */
  #raw = [];
  /** @type {WebSocket | undefined} */
  #reader;
  frames = 0;
  frameBytes = 0;
  /** What the one has read. @type {string[]} */
  read = [];

  /** @param {number} port @param {number} size */
  static async join(port, size) {
    const audience = new Audience();
    const url = `ws://127.0.0.1:${port}/connection/websocket`;
    const reader = new WebSocket(url, { perMessageDeflate: true });
    audience.#reader = reader;
    await new Promise((resolve, reject) => {
      const commands = COMMANDS.values();
      const next = () => reader.send(commands.next().value ?? '');
      reader.on('error', reject).on('open', next);
      let left = COMMANDS.length;
      reader.on('message', (data) => {
        if (left === 0) audience.read.push(String(data));
        else if (--left > 0) next();
        else resolve(undefined);
      });
    });
    // Not all at once, for the queue of the kernel.
    for (let n = 0; n < size; n += 100) {
      await Promise.all(Array.from({ length: Math.min(100, size - n) }, () => audience.#joinRaw(port)));
    }
    return audience;
  }

  /** @param {number} port @returns {Promise<void>} */
  #joinRaw(port) {
    const address = {
      host: '127.0.0.1',
      port,
      path: '/connection/websocket',
      localAddress: undefined,
      extensions: OFFER,
    };
    return new Promise((resolve, reject) => {
      let left = COMMANDS.length;
      const next = () => raw.sendText(COMMANDS.at(-left) ?? '');
      const raw = new RawWebSocket(address, readBuffer, {
        onOpen: next,
        onText: (_, from, to) => {
          if (left === 0) {
            this.frames++;
            this.frameBytes = to - from;
          } else if (--left > 0) next();
          else resolve();
        },
        onEnd: (reason) => reject(new Error(reason)),
      });
      this.#raw.push(raw);
    });
  }

  /** @param {number} frames @param {number} messages */
  async until(frames, messages) {
    while (this.frames < frames || this.read.length < messages) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  leave() {
    this.#reader?.terminate();
    for (const raw of this.#raw) raw.destroy();
  }
}

/** @param {readonly number[]} values */
const median = (values) => Number(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]);

/** @param {string} kind @param {boolean} deflate */
async function start(kind, deflate) {
  const script = new URL('servers/deflate.mjs', import.meta.url).pathname;
  const child = new Child({ name: `${kind} ${deflate ? 'with' : 'without'} compression`, script, core: 0 });
  return { child, port: Number(await child.request('start', { kind, deflate })) };
}

/** @param {Awaited<ReturnType<typeof start>>} server @param {unknown} data @param {number} subscribers @param {number} messages */
async function measure({ child, port }, data, subscribers, messages) {
  const audience = await Audience.join(port, subscribers);
  const before = Number(await child.request('cpu'));
  await child.request('publish', { data, count: messages });
  await audience.until(subscribers * messages, messages);
  const spent = Number(await child.request('cpu')) - before;
  const expected = JSON.stringify(data);
  for (const text of audience.read) {
    if (JSON.stringify(JSON.parse(text).push.pub.data) !== expected)
      throw new Error('another message than was published');
  }
  const { frames, frameBytes } = audience;
  if (frames !== subscribers * messages) throw new Error(`${frames} frames of ${subscribers * messages}`);
  audience.leave();
  return { us: spent / (messages * (subscribers + 1)), frameBytes };
}

/** @param {string} kind @param {{ subscribers: number, messages: number, rounds: number }} plan */
async function compare(kind, { subscribers, messages, rounds }) {
  const servers = [await start(kind, false), await start(kind, true)];
  try {
    for (const [name, data] of Object.entries(SIZES)) {
      /** @type {number[][]} */
      const costs = [[], []];
      const bytes = [0, 0];
      // The first round warms both up and does not count.
      for (let round = 0; round <= rounds; round++) {
        for (const n of round % 2 === 0 ? [0, 1] : [1, 0]) {
          const server = /** @type {typeof servers[number]} */ (servers[n]);
          const { us, frameBytes } = await measure(server, data, subscribers, messages);
          if (round > 0) costs[n]?.push(us);
          bytes[n] = frameBytes;
        }
      }
      const [plain = [], deflated = []] = costs;
      const ratio = median(deflated.map((cost, n) => cost / Number(plain[n])));
      const figures = [
        median(plain).toFixed(2),
        median(deflated).toFixed(2),
        `${ratio.toFixed(2)}×`,
        bytes[0],
        bytes[1],
      ];
      console.log(`| ${[kind, name, ...figures].join(' | ')} |`);
    }
  } finally {
    await Promise.all(servers.map(({ child }) => child.close()));
  }
}

/** Bytes of live memory for each idle connection. @param {boolean} deflate @param {number} idle */
async function memoryOf(deflate, idle) {
  const server = await start('fanfare', deflate);
  try {
    // Code that runs for the first time is loaded.
    (await Audience.join(server.port, 100)).leave();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = /** @type {{ live: number }} */ (await server.child.request('memory'));
    const audience = await Audience.join(server.port, idle);
    const after = /** @type {{ live: number }} */ (await server.child.request('memory'));
    audience.leave();
    return Math.round((after.live - before.live) / idle);
  } finally {
    await server.child.close();
  }
}

await runCommand({
  help: HELP,
  read: (argv) =>
    parseFlags(argv, {
      only: { type: 'string' },
      subscribers: { type: 'string' },
      messages: { type: 'string' },
      rounds: { type: 'string' },
      idle: { type: 'string' },
    }),
  async run(flags) {
    checkBuilt();
    const plan = {
      subscribers: count('subscribers', flags.subscribers, 500),
      messages: count('messages', flags.messages, 100),
      rounds: count('rounds', flags.rounds, 5),
    };
    const idle = count('idle', flags.idle, 3_000, 0);
    console.log(
      `Node ${process.version}, ${plan.rounds} rounds of ${plan.messages} messages to ${plan.subscribers} clients\n`,
    );
    console.log(
      '| server | message | µs a delivery | compressed | ratio | bytes | compressed |\n|---|---|---|---|---|---|---|',
    );
    for (const kind of chosen('only', flags.only, KINDS)) await compare(kind, plan);
    if (idle > 0) {
      const [plain, deflated] = [await memoryOf(false, idle), await memoryOf(true, idle)];
      console.log(`\nAn idle connection of Fanfare: ${plain} bytes, with compression ${deflated}`);
    }
    return 0;
  },
});
