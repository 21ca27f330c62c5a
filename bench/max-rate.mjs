// @ts-check
/** What a rate saves the server: the same publications to subscribers with a maxRate, and to as many that get everything. */
import { RawWebSocket } from './client/raw-websocket.mjs';
import { checkBuilt, count, parseFlags, runCommand } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';
import { canPin } from './shared/machine.mjs';
import { MARK_BYTE, sequenceAt } from './shared/payload.mjs';

const HELP = `Usage: node bench/max-rate.mjs [options]

CPU time of the server for each publication and subscriber, with a maxRate and with everything sent, over the same
connections in paired rounds. Needs a build (npm run build).

  --subscribers N  connections, each in both channels              (10000)
  --rate N         publications a second                           (100)
  --max-rate N     of the subscribers                              (10)
  --seconds N      of each half of a round                         (5)
  --rounds N       paired rounds; the median is reported           (5)
  --help           this text

Exit status: 0, or 1 when a subscriber did not end on the newest, got one twice or out of order, one was missing where
everything is sent, or one came too often. The time is not checked.`;

/** Of CPU, as a share of what sending everything takes. */
const AIM = 0.15;
const PAYLOAD_BYTES = 128;
const KINDS = /** @type {const} */ (['all', 'rated']);
/** Connections that are made at the same time, for the queue of the kernel. */
const AT_ONCE = 100;

/** @typedef {typeof KINDS[number]} Kind */

const readBuffer = Buffer.allocUnsafe(1 << 20);

/** One connection; counts what it gets in the half that is being measured. */
class Subscriber {
  received = 0;
  last = 0;
  isInOrder = true;
  /** @type {string | undefined} */
  ended;

  /** @param {number} port @param {number} maxRate */
  static join(port, maxRate) {
    const subscriber = new Subscriber();
    const address = { host: '127.0.0.1', port, path: '/connection/websocket', localAddress: undefined };
    const commands = [
      { id: 1, connect: {} },
      { id: 2, subscribe: { channel: 'all:1' } },
      { id: 3, subscribe: { channel: 'rated:1', data: { maxRate } } },
    ].map((command) => JSON.stringify(command));
    return new Promise((resolve, reject) => {
      let numAnswered = 0;
      const next = () => raw.sendText(commands[numAnswered] ?? '');
      const raw = new RawWebSocket(address, readBuffer, {
        onOpen: next,
        onText(bytes, from, to) {
          if (numAnswered === commands.length) subscriber.read(bytes, from, to);
          else if (++numAnswered < commands.length) next();
          else resolve(subscriber);
        },
        onEnd(reason) {
          subscriber.ended = reason;
          reject(new Error(reason));
        },
      });
    });
  }

  /** @param {Buffer} bytes @param {number} from @param {number} to */
  read(bytes, from, to) {
    for (let at = bytes.indexOf(MARK_BYTE, from); at !== -1 && at < to; at = bytes.indexOf(MARK_BYTE, at + 1)) {
      const number = sequenceAt(bytes, at);
      if (number <= this.last) this.isInOrder = false;
      this.last = number;
      this.received++;
    }
  }

  begin() {
    this.received = 0;
    this.last = 0;
  }
}

/**
 * @param {Child} server
 * @param {Subscriber[]} subscribers
 * @param {Kind} kind
 * @param {{ rate: number, maxRate: number, seconds: number }} plan
 */
async function measure(server, subscribers, kind, { rate, maxRate, seconds }) {
  for (const subscriber of subscribers) subscriber.begin();
  const publications = rate * seconds;
  const pace = { ratePerSec: rate, burst: 1, publications, payloadBytes: PAYLOAD_BYTES };
  const cpuBefore = Number(await server.request('cpu'));
  const startMs = performance.now();
  const published = /** @type {{ elapsedMs: number }} */ (
    await server.request('publish', { channel: `${kind}:1`, pace })
  );
  for (const subscriber of subscribers) {
    while (subscriber.last < publications) {
      if (subscriber.ended !== undefined) throw new Error(`${kind}: a connection was ended: ${subscriber.ended}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const elapsedMs = performance.now() - startMs;
  const cpu = Number(await server.request('cpu')) - cpuBefore;
  const most = kind === 'all' ? publications : Math.floor((elapsedMs / 1e3) * maxRate) + 2;
  const least = kind === 'all' ? publications : 1;
  let deliveries = 0;
  for (const { received, isInOrder } of subscribers) {
    if (!isInOrder) throw new Error(`${kind}: twice, or out of order`);
    if (received < least || received > most) throw new Error(`${kind}: ${received} of ${least} to ${most}`);
    deliveries += received;
  }
  if (kind === 'rated' && published.elapsedMs > 1.2e3 * seconds) {
    const perSec = (1e3 * publications) / published.elapsedMs;
    console.log(
      `  only ${perSec.toFixed(0)} publications/s: this machine is too busy or too small, the ratio means little`,
    );
  }
  return { usPerOffered: cpu / (publications * subscribers.length), deliveries, elapsedMs };
}

/** @param {readonly number[]} values */
const median = (values) => Number(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]);

await runCommand({
  help: HELP,
  read: (argv) =>
    parseFlags(argv, {
      subscribers: { type: 'string' },
      rate: { type: 'string' },
      'max-rate': { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
    }),
  async run(flags) {
    checkBuilt();
    const numSubscribers = count('subscribers', flags.subscribers, 10_000);
    const rounds = count('rounds', flags.rounds, 5);
    const plan = {
      rate: count('rate', flags.rate, 100),
      maxRate: count('max-rate', flags['max-rate'], 10),
      seconds: count('seconds', flags.seconds, 5),
    };
    const script = new URL('servers/max-rate.mjs', import.meta.url).pathname;
    const server = new Child({ name: 'fanfare', script, core: canPin() ? 0 : null });
    try {
      const port = Number(await server.request('start'));
      /** @type {Subscriber[]} */
      const subscribers = [];
      while (subscribers.length < numSubscribers) {
        const group = Math.min(AT_ONCE, numSubscribers - subscribers.length);
        subscribers.push(
          ...(await Promise.all(Array.from({ length: group }, () => Subscriber.join(port, plan.maxRate)))),
        );
      }
      console.log(
        `Node ${process.version}: ${numSubscribers} subscribers, ${plan.rate} publications/s for ${plan.seconds} s, maxRate ${plan.maxRate}`,
      );
      /** @type {number[]} */
      const ratios = [];
      // The first round warms up and does not count.
      for (let round = 0; round <= rounds; round++) {
        /** @type {Record<Kind, number>} */
        const cost = { all: Number.NaN, rated: Number.NaN };
        const notes = [];
        for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
          const { usPerOffered, deliveries, elapsedMs } = await measure(server, subscribers, kind, plan);
          cost[kind] = usPerOffered;
          notes.push(
            `${kind} ${usPerOffered.toFixed(3)} µs (${deliveries} deliveries in ${(elapsedMs / 1e3).toFixed(1)} s)`,
          );
        }
        const ratio = cost.rated / cost.all;
        if (round > 0) ratios.push(ratio);
        console.log(
          `${round === 0 ? 'warm-up' : `${round}/${rounds}`} · ${notes.join(', ')}, ratio ${ratio.toFixed(3)}`,
        );
      }
      const middle = median(ratios);
      const range = `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
      console.log(
        `\nCPU for each publication and subscriber with maxRate ${plan.maxRate}: ${middle.toFixed(3)} of that for sending everything (${range}); aim ${AIM}: ${middle <= AIM ? 'met' : 'MISSED'}`,
      );
      return 0;
    } finally {
      await server.close();
      // The connections are still there.
      setImmediate(() => process.exit());
    }
  },
});
