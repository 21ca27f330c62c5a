// @ts-check
/** The engine's cost of a fan-out, without sockets: compares two builds in one process, in turn. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { count, parseFlags, runCommand, UsageError } from './shared/flags.mjs';

const HELP = `Usage: node bench/fan-out.mjs --before FOLDER [options]

Time from publications of one turn until each subscriber's connection has been handed its bytes, which it drops: all that
the engine does for a delivery, and no system call. Of many short slices, taken in turn, the fastest tenth and the
median are compared, so that a busy machine matters little.

  --before FOLDER  another checkout of Fanfare, built (npm ci && npm run build)
  --after FOLDER   the one to compare it with  (this one)
  --slices N       of each build and load      (1000)
  --help           this text`;

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));
const FLUSHES = 20;
const WARM_UP = 100;
/** Subscribers of the channel, publications a turn. */
const LOADS = /** @type {const} */ ([
  [1, 1],
  [10, 10],
  [1000, 1],
  [1000, 10],
]);

/** The engine's own modules, which are no public entry; as they are since channels have short ids. */
const MODULES = /** @type {const} */ ({
  hubChannel: 'engine/fanout/hub-channel',
  outbox: 'engine/fanout/outbox',
  subscription: 'engine/fanout/subscription',
  variant: 'engine/fanout/variant',
  turn: 'engine/time/turn',
  counters: 'engine/ports/counters',
  samples: 'engine/time/delivery-samples',
  rules: 'engine/channels/rules',
  options: 'engine/channels/channel-options',
  json: 'protocols/centrifugal/json-protocol',
  framing: 'transports/websocket/framing',
  channelIds: 'engine/fanout/channel-ids',
});

/**
 * @param {string} build
 * @returns {Promise<Record<keyof typeof MODULES, any>>} a module that this build does not have is empty
 */
async function modulesOf(build) {
  const folder = join(build, '.cache', 'modules');
  if (!existsSync(folder)) throw new UsageError(`${build} has no build`);
  const loaded = Object.entries(MODULES).map(async ([name, path]) => {
    const file = join(folder, `${path}.js`);
    return [name, existsSync(file) ? await import(pathToFileURL(file).href) : {}];
  });
  return Object.fromEntries(await Promise.all(loaded));
}

/**
 * @param {Record<keyof typeof MODULES, any>} modules
 * @param {number} subscribers
 * @param {number} publications a turn
 */
function fanOut(modules, subscribers, publications) {
  const name = 'bench:1';
  let endTurn = () => {};
  const clock = {
    nowMs: () => performance.now(),
    afterTurn: (/** @type {() => void} */ end) => {
      endTurn = end;
    },
    schedule: () => () => {},
  };
  const turn = new modules.turn.Turn(clock);
  const counters = new modules.counters.Counters();
  const variants = new modules.variant.Variants();
  const samples = new modules.samples.DeliverySamples({ clock, hasSubscribers: () => true });
  const channelIds = modules.channelIds.ChannelIds && new modules.channelIds.ChannelIds();
  const channel = new modules.hubChannel.HubChannel(name, { turn, counters, samples, channelIds });
  const patterns = { 'bench:{id}': modules.options.channel() };
  const rules = new modules.rules.ChannelRules(patterns, { name: 'none' }, { maxMessageBytes: 65_536 });
  const rule = channel.match(rules);
  const encoding = { protocol: modules.json.centrifugalJson, framing: modules.framing.websocketFraming };
  let bytes = 0;
  for (let n = 0; n < subscribers; n++) {
    const connection = {
      encoding,
      bufferedBytes: 0,
      write: (/** @type {Uint8Array} */ frame) => {
        bytes += frame.length;
      },
    };
    const owner = { clientInfo: { user: 'u', client: `c${n}` }, outbox: undefined };
    const limits = { maxQueueBytes: Number.POSITIVE_INFINITY };
    owner.outbox = new modules.outbox.Outbox(connection, owner, { turn, counters, variants, limits });
    const terms = { joinLeave: false, serverSide: false };
    const subscription = new modules.subscription.Subscription(owner, name, rule, terms);
    channel.addJoining(subscription);
    channel.promote(subscription, { offset: 0, epoch: 'e' });
  }
  const data = JSON.stringify({ n: 1, text: 'x'.repeat(100) });
  let offset = 0;
  return {
    flush: () => {
      for (let n = 0; n < publications; n++) channel.deliver({ offset: ++offset, data }, 'e');
      endTurn();
    },
    bytes: () => bytes,
  };
}

/** @param {() => void} flush @returns µs of each */
function slice(flush) {
  const startedMs = performance.now();
  for (let n = 0; n < FLUSHES; n++) flush();
  return ((performance.now() - startedMs) / FLUSHES) * 1e3;
}

/** @param {{ before?: string, after?: string, slices?: string }} flags */
async function run({ before, after = HERE, slices: given }) {
  if (before === undefined) throw new UsageError('--before is missing');
  const slices = count('slices', given, 1000);
  const builds = [await modulesOf(resolve(before)), await modulesOf(resolve(after))];
  console.log(
    `Node ${process.version}, ${slices} slices of ${FLUSHES} flushes each, µs of a flush: fastest tenth, median\n`,
  );
  console.log('| subscribers | publications a turn | before | after | ratio |\n|---|---|---|---|---|');
  for (const [subscribers, publications] of LOADS) {
    const sides = builds.map((modules) => ({
      ...fanOut(modules, subscribers, publications),
      times: /** @type {number[]} */ ([]),
    }));
    for (let n = -WARM_UP; n < slices; n++) {
      for (const side of n % 2 === 0 ? sides : sides.toReversed()) {
        const us = slice(side.flush);
        if (n >= 0) side.times.push(us);
      }
    }
    if (new Set(sides.map(({ bytes }) => bytes())).size > 1) throw new Error('the builds write different bytes');
    const [old, now] = sides.map(({ times }) => {
      const sorted = times.toSorted((a, b) => a - b);
      return [0.1, 0.5].map((share) => Number(sorted[Math.floor(sorted.length * share)]));
    });
    const text = (/** @type {number[] | undefined} */ values) => values?.map((us) => us.toFixed(2)).join(', ');
    const ratio = now?.map((us, n) => us / Number(old?.[n]));
    console.log(`| ${subscribers} | ${publications} | ${text(old)} | ${text(now)} | ${text(ratio)} |`);
  }
  return 0;
}

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, { before: { type: 'string' }, after: { type: 'string' }, slices: { type: 'string' } });
}

await runCommand({ help: HELP, read: readFlags, run });
