// @ts-check
/** How often a page with a rate in several channels is written to, and what that costs the server. */
import { fileURLToPath } from 'node:url';
import { RawWebSocket } from './client/raw-websocket.mjs';
import { checkBuilt, count, parseFlags, runCommand } from './shared/flags.mjs';
import { answerRequests, Child } from './shared/ipc.mjs';
import { canPin } from './shared/machine.mjs';

const HELP = `Usage: node bench/beats.mjs [options]

Pages that have the same rate in the same channels, in all of which the server publishes: in all at once, or in one after the other. How
often each page is written to in a second, where its rate is as good as it gets, and the server's CPU. Needs a build (npm run build).

  --pages N        connections                          (500)
  --channels N     of each of them                      (20)
  --rate N         of each channel                      (5)
  --publish N      publications a second in a channel   (20)
  --seconds N      that are measured, after as many     (8)
  --help           this text

Exit status: 0, or 1 when pages are written to more than a tenth more often than their rate.`;

const WAYS = /** @type {const} */ (['at once', 'one after the other']);
const AT_ONCE = 50;

/** @typedef {{ channels: number, publish: number, way: typeof WAYS[number] }} Feed */

/** In the server's process. */
async function serve() {
  const { channel, fanfare } = await import('../dist/index.js');
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const rule = channel({ subscribe: 'anyone', maxRate: {} });
  const app = fanfare({ channels: { 'price:{n}': rule }, anonymous: true, limits: { commandsPerSec: 0 }, log });
  const { port } = await app.listen(0);
  answerRequests({
    port: () => port,
    feed(/** @type {Feed} */ { channels, publish, way }) {
      const periodMs = 1_000 / publish;
      let value = 0;
      const put = (/** @type {number} */ n) => void app.publish(`price:${n}`, { value: value++ });
      const all = Array.from({ length: channels }, (_, n) => n);
      if (way === 'at once') setInterval(() => all.forEach(put), periodMs);
      else for (const n of all) setTimeout(() => setInterval(put, periodMs, n), (n * periodMs) / channels);
    },
    cpu: () => process.cpuUsage(),
  });
}

const readBuffer = Buffer.allocUnsafe(1 << 20);

/** @param {number} port @param {number} channels @param {number} maxRate @param {() => void} onFrame */
function open(port, channels, maxRate, onFrame) {
  /** @type {object[]} */
  const commands = [{ id: 1, connect: {} }];
  for (let n = 0; n < channels; n++)
    commands.push({ id: n + 2, subscribe: { channel: `price:${n}`, data: { maxRate } } });
  const last = `"id":${channels + 1}`;
  return new Promise((resolve, reject) => {
    let isReady = false;
    const address = { host: '127.0.0.1', port, path: '/connection/websocket', localAddress: undefined };
    const raw = new RawWebSocket(address, readBuffer, {
      onOpen: () => raw.sendText(commands.map((command) => JSON.stringify(command)).join('\n')),
      onText(bytes, from, to) {
        if (to - from === 2) raw.sendText('{}');
        else if (isReady) onFrame();
        else if (bytes.toString('latin1', from, to).includes(last)) {
          isReady = true;
          resolve(undefined);
        }
      },
      onEnd: (reason) => reject(new Error(reason)),
    });
  });
}

/** @param {{ pages: number, channels: number, rate: number, publish: number, seconds: number }} plan @param {typeof WAYS[number]} way */
async function measure({ pages, channels, rate, publish, seconds }, way) {
  const server = new Child({ name: 'server', script: fileURLToPath(import.meta.url), core: canPin() ? 0 : null });
  try {
    const port = /** @type {number} */ (await server.request('port'));
    let numFrames = 0;
    for (let first = 0; first < pages; first += AT_ONCE) {
      const group = Array.from({ length: Math.min(AT_ONCE, pages - first) }, () =>
        open(port, channels, rate, () => numFrames++),
      );
      await Promise.all(group);
    }
    await server.request('feed', { channels, publish, way });
    const pass = () => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    await pass();
    const cpu = async () => /** @type {NodeJS.CpuUsage} */ (await server.request('cpu'));
    const [before, startMs] = [await cpu(), performance.now()];
    numFrames = 0;
    await pass();
    const [after, lastedSec] = [await cpu(), (performance.now() - startMs) / 1e3];
    const cpuSec = (after.user + after.system - before.user - before.system) / 1e6;
    return { writes: numFrames / pages / lastedSec, core: cpuSec / lastedSec };
  } finally {
    await server.close();
  }
}

if (process.send !== undefined) await serve();
else
  await runCommand({
    help: HELP,
    read: (argv) =>
      parseFlags(argv, {
        pages: { type: 'string' },
        channels: { type: 'string' },
        rate: { type: 'string' },
        publish: { type: 'string' },
        seconds: { type: 'string' },
      }),
    async run(flags) {
      checkBuilt();
      const plan = {
        pages: count('pages', flags.pages, 500),
        channels: count('channels', flags.channels, 20),
        rate: count('rate', flags.rate, 5),
        publish: count('publish', flags.publish, 20),
        seconds: count('seconds', flags.seconds, 8),
      };
      let isTogether = true;
      for (const way of WAYS) {
        const { writes, core } = await measure(plan, way);
        isTogether &&= writes <= 1.1 * plan.rate;
        console.log(
          `published ${way}: ${writes.toFixed(2)} writes a second to a page, ${(100 * core).toFixed(1)} % of a core`,
        );
      }
      return isTogether ? 0 : 1;
    },
  });
