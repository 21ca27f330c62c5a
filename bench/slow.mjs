// @ts-check
/** What slow readers cost the server and the other readers, by the policy of their channel, and what they get. */
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';
import { violations } from './slow/violations.mjs';

const POLICIES = /** @type {const} */ (['latest', 'recover', 'dropOldest', 'disconnect']);
/** Publications that `dropOldest` keeps. */
const KEPT = 50;
/** After the last publication the lines are fast, and everybody gets what is still to come. */
const END_WITHIN_MS = 60_000;
/** Aim for the growth of the process for each slow reader. */
const AIM_KIB = 64;

const HELP = `Usage: node bench/slow.mjs [options]

One channel with 30 publications a second, 1,000 readers over WebSocket: one that has stopped, one that reads 1 kbit a second, 50
that read 10 kB a second, and 948 that read everything. Before it the same without the slow ones. At the end all lines are fast.
Prints what the fast readers notice, what each slow reader has cost the server, and what the slow ones have seen. Needs a build
(npm run build); twice five minutes for a policy.

  --policy LIST      ${POLICIES.join(',')}  (latest,recover)
  --seconds N        of publishing                       (300)
  --bytes N          of a publication                    (1000)
  --rate N           publications a second               (30)
  --healthy N        readers that read everything        (948)
  --slow N           readers of 10 kB a second           (50)
  --help             this text

The buffers of the kernel take the first megabytes for each slow reader, which arrive first: that is its line.

Exit status: 0, or 1 when a guarantee is broken: order, doubles, the newest at the end, all of it under recover, a reader that is
cut off though its policy keeps it, or a fast reader that has missed something. Times and memory do not decide.`;

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    policy: { type: 'string' },
    seconds: { type: 'string' },
    bytes: { type: 'string' },
    rate: { type: 'string' },
    healthy: { type: 'string' },
    slow: { type: 'string' },
  });
}

/** @typedef {typeof POLICIES[number]} Policy */
/** @typedef {{ seconds: number, bytes: number, rate: number, healthy: number, slow: number }} Plan */
/** @typedef {import('./slow/reader.mjs').Seen} Seen */

/** @param {string} name */
const script = (name) => new URL(name, import.meta.url).pathname;

/**
 * One run.
 * @param {Policy} policy
 * @param {Plan} plan
 * @param {readonly number[]} slowRates
 */
async function measure(policy, { seconds, bytes, rate, healthy }, slowRates) {
  const publications = seconds * rate;
  // V8's young generation may grow by more than all slow readers together cost.
  const command = [process.execPath, '--expose-gc', '--max-semi-space-size=1', script('servers/slow.mjs')];
  const server = new Child({ name: 'server', command, core: null });
  const fast = new Child({ name: 'fast readers', script: script('slow/readers.mjs'), core: null });
  const slow = new Child({ name: 'slow readers', script: script('slow/readers.mjs'), core: null });
  try {
    const port = await server.request('start', {
      slow: policy === 'dropOldest' ? { dropOldest: KEPT } : policy,
      historySize: policy === 'recover' ? Math.min(100_000, publications) : 0,
    });
    await fast.request('join', { port, rates: Array.from({ length: healthy }, () => null) });
    await slow.request('join', { port, rates: slowRates });
    /** @type {{ rss: number, live: number }} */
    const before = await server.request('memory');
    const { elapsedMs } = /** @type {{ elapsedMs: number }} */ (
      await server.request('publish', { ratePerSec: rate, burst: 1, publications, payloadBytes: bytes })
    );
    await fast.request('until', { number: publications, withinMs: END_WITHIN_MS });
    /** @type {{ rss: number, live: number }} */
    const after = await server.request('memory');
    const cpu = /** @type {NodeJS.CpuUsage} */ (await server.request('cpu'));
    /** @type {Seen[]} */
    const during = await slow.request('slow');
    await slow.request('hurry');
    await slow.request('until', { number: publications, withinMs: END_WITHIN_MS });
    /** @type {Seen[]} */
    const atEnd = await slow.request('slow');
    /** @type {{ p50: number, p99: number, complete: number, of: number }} */
    const latency = await fast.request('healthy', { count: publications });
    return {
      publications,
      grown: { rss: after.rss - before.rss, live: after.live - before.live },
      latency,
      during,
      atEnd,
      elapsedMs,
      cpu,
    };
  } finally {
    await Promise.all([slow.close(), fast.close(), server.close()]);
  }
}

/** @param {readonly Seen[]} all @param {(seen: Seen) => number} read */
const range = (all, read) => {
  const values = all.map(read);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) =>
    Math.round(value).toLocaleString('en'),
  );
  return least === most ? `${least}` : `${least} to ${most}`;
};

/** @param {Policy} policy @param {Awaited<ReturnType<typeof measure>>} result */
function broken(policy, { publications, latency: { of, complete }, atEnd }) {
  const missed = complete < of ? [`${of - complete} fast readers have missed something`] : [];
  return [...missed, ...violations(policy, publications, atEnd)];
}

/** @param {Policy} policy @param {Plan} plan */
async function compare(policy, plan) {
  const slowRates = [0, 125, ...Array.from({ length: plan.slow }, () => 10_000)];
  const without = await measure(policy, plan, []);
  const withSlow = await measure(policy, plan, slowRates);
  const ms = (/** @type {{ p50: number, p99: number }} */ { p50, p99 }) =>
    `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  console.log(`\n${policy}: ${withSlow.publications} publications of ${plan.bytes} bytes, ${plan.rate} a second`);
  console.log(`  fast readers without slow ones: ${ms(without.latency)}`);
  console.log(`  fast readers beside ${slowRates.length} slow ones: ${ms(withSlow.latency)}`);
  const kib = (/** @type {'rss' | 'live'} */ what) =>
    ((withSlow.grown[what] - without.grown[what]) / slowRates.length / 1_024).toFixed(1);
  console.log(
    `  for each slow reader: process ${kib('rss')} KiB (aim: below ${AIM_KIB}), live memory ${kib('live')} KiB`,
  );
  for (const rate of new Set(slowRates)) {
    const of = (/** @type {readonly Seen[]} */ all) => all.filter(({ bytesPerSec }) => bytesPerSec === rate);
    const [during, atEnd] = [of(withSlow.during), of(withSlow.atEnd)];
    console.log(`  ${during.length} × ${rate} bytes a second:`);
    console.log(
      `    while it was slow: ${range(during, ({ count }) => count)} publications, up to ${range(during, ({ last }) => last)}`,
    );
    console.log(`    at most ${range(during, ({ mostBehindMs }) => mostBehindMs)} ms old when the next came`);
    console.log(
      `    at the end: ${range(atEnd, ({ count }) => count)} publications, up to ${range(atEnd, ({ last }) => last)}, holes ${range(atEnd, ({ holes }) => holes)}`,
    );
  }
  const found = [...broken(policy, without), ...broken(policy, withSlow)];
  for (const violation of found) console.log(`  BROKEN: ${violation}`);
  return found.length;
}

await runCommand({
  help: HELP,
  read: readFlags,
  async run(flags) {
    checkBuilt();
    const plan = {
      seconds: count('seconds', flags.seconds, 300),
      bytes: count('bytes', flags.bytes, 1_000, 64),
      rate: count('rate', flags.rate, 30),
      healthy: count('healthy', flags.healthy, 948),
      slow: count('slow', flags.slow, 50, 0),
    };
    let broken = 0;
    for (const policy of chosen('policy', flags.policy ?? 'latest,recover', POLICIES))
      broken += await compare(policy, plan);
    return broken === 0 ? 0 : 1;
  },
});
