/**
 * The soak: a load that warms everything up, until what the node holds when nobody is there has stopped growing, the same load
 * for a long time with rolling restarts, and another look.
 */

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom } from '../chaos/seeded-random.js';
import { connected } from '../cli/handshake.js';
import { RedisServer } from '../support/brokers/redis-server.js';
import { Latencies, percentile, type Verdict } from './follower.js';
import { Members } from './members.js';
import { Publisher } from './publisher.js';
import { SlowReaders } from './slow-readers.js';
import { type Figures, SoakNode } from './soak-node.js';

export interface SoakOptions {
  readonly seed: number;
  /** Connections that come and go at first. More than a node remembers for operators: what it has of them is as much as it gets. */
  readonly stormSize: number;
  /** Of one round; there are as many as it takes until another one adds less than half of the tolerance to the heap. */
  readonly warmUpMs: number;
  readonly loadMs: number;
  /** Between two replacements of a node. */
  readonly restartEveryMs: number;
  readonly sampleEveryMs: number;
  readonly churnPerSec: number;
  readonly members: number;
  readonly slowReadersPerChannel: number;
  readonly roundsPerSec: number;
  readonly bulkBytes: number;
  /** How long the broker keeps what nobody uses. */
  readonly keepSec: number;
  /** Between two looks at what is there at rest. */
  readonly lookEveryMs: number;
  /** How long it may take until all is given back. */
  readonly settleMs: number;
  /** Of what grows by nature, in parts of one: heap and size of the process. */
  readonly tolerance: number;
  /** A folder for what the third node holds at rest: places where it was made, and snapshots of the heap. */
  readonly traceTo?: string | undefined;
  /** Called for each step, with words for whoever waits. */
  readonly show?: (text: string) => void;
}

/** What there was at one moment of the load. */
export interface Sample {
  readonly atSec: number;
  /** Of the node that lives through everything. */
  readonly node: Figures;
  readonly connected: number;
  readonly deliveriesPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly redisKeys: number;
}

export interface Returned {
  readonly name: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  readonly isBack: boolean;
}

export interface SoakOutcome {
  readonly samples: readonly Sample[];
  /** When nodes were replaced, since the load began. */
  readonly restartsSec: readonly number[];
  readonly returned: readonly Returned[];
  readonly verdict: Verdict;
  readonly clients: number;
  /** Until nothing grew any more. */
  readonly warmUps: number;
  readonly rounds: number;
  readonly roundsRefused: number;
  /** Keys that Redis has at the end, so many of each kind. */
  readonly kindsOfKeys: Readonly<Record<string, number>>;
  /** Of the third node, before and after. */
  readonly kindsOfHandles: readonly Readonly<Record<string, number>>[];
  readonly redisVersion: string;
  readonly slowEnds: Readonly<Record<string, number>>;
  /** Of what must hold, in words. Empty: all holds. */
  readonly violations: readonly string[];
}

const exactly = [
  'handles',
  'timers',
  'sockets',
  'sessions',
  'channels',
  'subscriptions',
  'deadlines',
  'pinged',
  'interest',
] as const;
const aboutAsMuch = ['heapBytes', 'rssBytes'] as const;
const names: Readonly<Record<(typeof exactly | typeof aboutAsMuch)[number], string>> = {
  handles: 'handles of the process',
  timers: 'timers',
  sockets: 'sockets',
  sessions: 'sessions',
  channels: 'channels of the hub',
  subscriptions: 'subscriptions of the hub',
  deadlines: 'deadlines',
  pinged: 'connections that are pinged',
  interest: 'channels subscribed at the broker',
  heapBytes: 'heap after a garbage collection',
  rssBytes: 'size of the process',
};

const stormAtOnce = 50;
/**
 * What is held at rest is the middle of so many looks in a row: at one moment or another a probe or a heartbeat is under way, or
 * a connection to Redis is made anew.
 */
const looksAtRest = 11;
/** What is not full after so many rounds of everything grows for ever, or slowly enough to be seen later. */
const maxWarmUps = 6;

export async function runSoak(options: SoakOptions): Promise<SoakOutcome> {
  const { show = () => undefined, keepSec } = options;
  await using redis = await RedisServer.start();
  await using client = await redis.client();
  const nodeOptions = { url: redis.url, keepSec };
  const start = () => SoakNode.start(nodeOptions);
  const nodes = await Promise.all([SoakNode.start({ ...nodeOptions, traceTo: options.traceTo }), start(), start()]);
  await using elder = nodes[0];
  await using first = nodes[1];
  await using second = nodes[2];
  const soak = new Soak(options, [elder, first, second], client);
  let before = await soak.begin();
  show('warming up');
  await storm(elder, options.stormSize);
  let warmUps = 0;
  for (let grown = Number.POSITIVE_INFINITY; grown > options.tolerance / 2 && warmUps < maxWarmUps; warmUps++) {
    await soak.load(options.warmUpMs, false);
    const rest = await soak.rest(undefined);
    grown = rest.figures.heapBytes / before.figures.heapBytes - 1;
    before = rest;
    show(`at rest: the heap has grown by ${(grown * 100).toFixed(1)} %`);
  }
  // Who looks closely adds to what there is, so it is looked at once more.
  if (await elder.trace()) before = await soak.rest(undefined);
  show('under load');
  await soak.load(options.loadMs, true);
  show('at rest, after');
  const after = await soak.rest(before);
  await elder.trace();
  const redisVersion = /redis_version:(\S+)/.exec(`${await client.send(['INFO', 'server'])}`)?.[1] ?? '';
  return { ...soak.outcome(before, after), warmUps, redisVersion };
}

/** Many who come and go. */
async function storm({ url }: SoakNode, size: number): Promise<void> {
  for (let came = 0; came < size; came += stormAtOnce) {
    const sockets = await Promise.all(Array.from({ length: stormAtOnce }, () => connected(url)));
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
    for (const socket of sockets) socket.close();
    await closed;
  }
}

/** What a node and Redis hold when nobody is there. */
interface Rest {
  readonly figures: Figures;
  /** Of the nodes that are replaced. */
  readonly otherSessions: number;
  /** Of channels. */
  readonly redisKeys: number;
  /** So many keys of each kind, those of probes among them. */
  readonly kindsOfKeys: Readonly<Record<string, number>>;
}

type RedisClient = Awaited<ReturnType<RedisServer['client']>>;

class Soak {
  readonly #random: SeededRandom;
  readonly #verdict: Verdict = { holes: 0, disorders: 0, begunAnew: 0, deliveries: 0 };
  readonly #latencies = new Latencies();
  readonly #samples: Sample[] = [];
  readonly #restartsSec: number[] = [];
  readonly #members: Members;
  readonly #slow: SlowReaders;
  readonly #publisher: Publisher;
  readonly #faults: string[] = [];
  /** What there is before anybody has come. */
  #least: Rest | undefined;
  #turn = 0;
  #deliveriesBefore = 0;

  constructor(
    private readonly options: SoakOptions,
    private readonly nodes: readonly [elder: SoakNode, ...others: SoakNode[]],
    private readonly redis: RedisClient,
  ) {
    const { seed, members: size, slowReadersPerChannel, roundsPerSec, bulkBytes } = options;
    this.#random = new SeededRandom(seed);
    const shared = { nodes, random: this.#random };
    this.#members = new Members({ ...shared, size, verdict: this.#verdict, latencies: this.#latencies });
    this.#slow = new SlowReaders(nodes, this.#random, slowReadersPerChannel);
    this.#publisher = new Publisher({ nodes, roundsPerSec, bulkBytes });
  }

  async begin(): Promise<Rest> {
    this.#least = await this.#look();
    return this.#least;
  }

  /** Everybody comes, churns and leaves; a node is replaced now and then. @param counts whether it is written down */
  async load(durationMs: number, counts: boolean): Promise<void> {
    const { churnPerSec, restartEveryMs, sampleEveryMs, show } = this.options;
    const beganMs = performance.now();
    // What came before is not of this load.
    this.#deliveriesBefore = this.#verdict.deliveries;
    this.#latencies.take();
    this.#members.gather();
    this.#slow.begin();
    this.#publisher.begin();
    const churning = setInterval(() => this.#members.churn(), 1_000 / churnPerSec);
    let restarting = Promise.resolve();
    let restartedMs = beganMs;
    try {
      for (let sampledMs = beganMs; performance.now() - beganMs < durationMs; ) {
        await pause(Math.min(250, sampleEveryMs));
        const nowMs = performance.now();
        if (nowMs - restartedMs >= restartEveryMs) {
          restartedMs = nowMs;
          const atSec = (nowMs - beganMs) / 1_000;
          if (counts) this.#restartsSec.push(atSec);
          restarting = restarting.then(() => this.#restart());
        }
        if (counts && nowMs - sampledMs >= sampleEveryMs) {
          await this.#sample((nowMs - beganMs) / 1_000, (nowMs - sampledMs) / 1_000);
          sampledMs = nowMs;
        }
      }
    } finally {
      clearInterval(churning);
    }
    await restarting;
    await this.#publisher.end();
    show?.('everybody comes to rest');
    await this.#within(() => this.#members.isSettled, 'clients did not all come back');
    this.#members.disperse();
    this.#slow.end();
  }

  /** Resolves when all is given back, as far as it is within the time for it. @param before with what it is compared */
  async rest(before: Rest | undefined): Promise<Rest> {
    const { keepSec, settleMs, lookEveryMs } = this.options;
    const beganMs = performance.now();
    const looks: Rest[] = [];
    for (;;) {
      const rest = await this.#look();
      const tookMs = performance.now() - beganMs;
      // Nobody is left, idle connections are closed, and what the broker kept for a while is gone.
      if (this.#isLeast(rest) && tookMs > keepSec * 1_000 + lookEveryMs) {
        looks.push(rest);
      }
      const typical = typicalOf(looks.slice(-looksAtRest));
      const isKnown = typical !== undefined && looks.length >= looksAtRest;
      if (isKnown && (before === undefined || this.#isBack(before, typical))) return typical;
      if (tookMs > settleMs) {
        if (typical === undefined) this.#faults.push(`does not come to rest: ${JSON.stringify(rest)}`);
        return typical ?? rest;
      }
      await pause(lookEveryMs);
    }
  }

  async #look(): Promise<Rest> {
    // safe: what Redis answers to KEYS
    const keys = (await this.redis.send(['KEYS', '*'])) as readonly string[];
    const [elder, ...others] = this.nodes;
    const figures = await elder.rest();
    const otherFigures = await Promise.all(others.map((node) => node.figures()));
    const otherSessions = otherFigures.reduce((sum, { sessions }) => sum + sessions, 0);
    const redisKeys = keys.filter((key) => !isOfProbe(key)).length;
    return { figures, otherSessions, redisKeys, kindsOfKeys: countedKinds(keys) };
  }

  #isLeast({ figures, otherSessions }: Rest): boolean {
    const { sessions, interest, sockets } = figures;
    return sessions + otherSessions === 0 && interest === 0 && sockets <= (this.#least?.figures.sockets ?? 0);
  }

  #isBack(before: Rest, rest: Rest): boolean {
    return this.#compared(before, rest).every(({ isBack }) => isBack);
  }

  outcome(before: Rest, after: Rest): Omit<SoakOutcome, 'redisVersion' | 'warmUps'> {
    const returned = this.#compared(before, after);
    const { holes, disorders } = this.#verdict;
    const violations = [
      ...this.#faults,
      ...returned
        .filter(({ isBack }) => !isBack)
        .map(({ name, before, after }) => `${name}: ${before} before, ${after} after`),
      ...(holes > 0 ? [`${holes} publications were lost`] : []),
      ...(disorders > 0 ? [`${disorders} publications came twice, or late`] : []),
      ...(after.figures.errors > 0 ? [`${after.figures.errors} errors in the log`] : []),
    ];
    return {
      samples: this.#samples,
      restartsSec: this.#restartsSec,
      returned,
      verdict: this.#verdict,
      clients: this.#members.numCame,
      rounds: this.#publisher.numTaken,
      roundsRefused: this.#publisher.numRefused,
      kindsOfKeys: after.kindsOfKeys,
      kindsOfHandles: [before, after].map(({ figures }) => figures.kindsOfHandles),
      slowEnds: Object.fromEntries([...this.#slow.ends].map(([code, count]) => [`${code}`, count])),
      violations,
    };
  }

  #compared(before: Rest, after: Rest): Returned[] {
    const { tolerance } = this.options;
    const mebibytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 100) / 100;
    return [
      ...aboutAsMuch.map((name) => {
        const [was, is] = [before.figures[name], after.figures[name]];
        return {
          name: names[name],
          unit: 'MiB',
          before: mebibytes(was),
          after: mebibytes(is),
          isBack: is <= was * (1 + tolerance),
        };
      }),
      ...exactly.map((name) => {
        const [was, is] = [before.figures[name], after.figures[name]];
        return { name: names[name], unit: '', before: was, after: is, isBack: is <= was };
      }),
      {
        name: 'sessions of the other nodes',
        unit: '',
        before: before.otherSessions,
        after: after.otherSessions,
        isBack: after.otherSessions <= before.otherSessions,
      },
      {
        name: 'keys of channels in Redis',
        unit: '',
        before: before.redisKeys,
        after: after.redisKeys,
        isBack: after.redisKeys <= before.redisKeys,
      },
    ];
  }

  /** The elder lives on; the others take turns. */
  async #restart(): Promise<void> {
    const [, ...others] = this.nodes;
    await others[this.#turn++ % others.length]?.replace();
  }

  async #sample(atSec: number, tookSec: number): Promise<void> {
    const ms = this.#latencies.take();
    const { deliveries } = this.#verdict;
    this.#samples.push({
      atSec,
      node: await this.nodes[0].figures(),
      connected: this.#members.numConnected,
      deliveriesPerSec: Math.round((deliveries - this.#deliveriesBefore) / tookSec),
      p50Ms: percentile(ms, 50),
      p99Ms: percentile(ms, 99),
      maxMs: ms.at(-1) ?? 0,
      redisKeys: Number(await this.redis.send(['DBSIZE'])),
    });
    this.#deliveriesBefore = deliveries;
  }

  async #within(isSo: () => boolean, fault: string): Promise<void> {
    const untilMs = performance.now() + this.options.settleMs;
    while (!isSo()) {
      if (performance.now() > untilMs) {
        this.#faults.push(fault);
        return;
      }
      await pause(50);
    }
  }
}

/** Of each figure the middle one; kinds are those of the last look. */
function typicalOf(looks: readonly Rest[]): Rest | undefined {
  const last = looks.at(-1);
  if (last === undefined) return undefined;
  const middle = (of: (rest: Rest) => number) => looks.map(of).sort((a, b) => a - b)[looks.length >> 1] ?? 0;
  const figures = { ...last.figures };
  for (const name of [...aboutAsMuch, ...exactly]) figures[name] = middle((rest) => rest.figures[name]);
  const otherSessions = middle((rest) => rest.otherSessions);
  return { ...last, figures, otherSessions, redisKeys: middle(({ redisKeys }) => redisKeys) };
}

/** Each node writes some every now and then to know whether Redis takes them; they expire a minute after the node has gone. */
function isOfProbe(key: string): boolean {
  return key.includes(':{%-');
}

/** A key's name is `prefix:kind:{channel}`. */
function countedKinds(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) {
    const kind = isOfProbe(key) ? 'of probes' : (key.split(':{')[0] ?? key);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
