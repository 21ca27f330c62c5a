// @ts-check
/** Live scores to very many fans of one match: the example beside the same example written on Socket.IO. */
import { buildTwinServer } from './live-scores/build.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand, UsageError } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';
import { canPin, descriptorShortage } from './shared/machine.mjs';

const SERVERS = /** @type {const} */ (['fanfare', 'socketio']);
const AIMS = { p99Ms: 250, burstMs: 1_000, cpu: 0.2, bytes: 0.15 };
const END_WITHIN_MS = 60_000;

const HELP = `Usage: node bench/live-scores.mjs [options]

Fans of one football match of examples/live-scores, each a WebSocket that subscribes as the page of a match does: its document, its
events, its commentary, alerts of the home team, and the ball, 10 times a second on a desktop and twice on a phone (two of five
are desktops). Beside it bench/live-scores/twin, the same pages on Socket.IO. Both servers publish the same part of the same
simulated match, in their own process, at the same pace. Needs a build (npm run build).

  --fans N         connections                       (10000)
  --seconds N      of publishing                     (30)
  --warm-up N      seconds before that are not measured (5)
  --speed N        seconds of the match in one       (10)
  --goals N        at least, in that time            (2)
  --only LIST      ${SERVERS.join(',')}               (both)
  --help           this text

Exit status: 0, or 1 when a fan has missed an event, or did not end on the newest document. Times do not decide.`;

/** @typedef {typeof SERVERS[number]} Kind */
/** @typedef {{ fans: number, seconds: number, warmUp: number, speed: number, goals: number }} Plan */
/** @typedef {{ sheets: number[], events: number[], goals: number[], balls: number, maxLagMs: number }} Played */
/** @typedef {{ p50: number, p99: number, max: number, sheetsOfFan: number, bursts: number[], missing: number, bytes: number, frames: number, cpuUs: number }} Figures */

/** @param {string} name */
const script = (name) => new URL(`live-scores/${name}`, import.meta.url).pathname;

/** @param {Kind} kind @param {Plan} plan */
async function measure(kind, plan) {
  const pinned = canPin();
  const server = new Child({ name: kind, script: script(`${kind}-server.mjs`), core: pinned ? 0 : null });
  const fans = new Child({ name: 'fans', script: script('fans.mjs'), core: pinned ? 1 : null });
  try {
    const final = await server.request('start', plan);
    await fans.request('join', { kind, count: plan.fans, final });
    const { warmUp, seconds, speed } = plan;
    const until = (/** @type {Played} */ { sheets, events }) =>
      fans.request('until', { sheets: sheets.length, events: events.length, withinMs: END_WITHIN_MS });
    await fans.request('begin');
    await until(await server.request('play', { from: 0, to: warmUp, speed }));
    await fans.request('begin');
    const cpu = async () => /** @type {NodeJS.CpuUsage & { writes: number }} */ (await server.request('cpu'));
    const before = await cpu();
    /** @type {Played} */
    const played = await server.request('play', { from: warmUp, to: warmUp + seconds, speed });
    await until(played);
    const after = await cpu();
    const [userUs, systemUs] = [after.user - before.user, after.system - before.system];
    /** @type {Figures} */
    const figures = await fans.request('figures', played);
    return { kind, played, figures, cpuUs: userUs + systemUs, systemUs, writes: after.writes - before.writes };
  } finally {
    await Promise.all([fans.close(), server.close()]);
  }
}

/** @param {Awaited<ReturnType<typeof measure>>} result @param {Plan} plan */
function show({ kind, played, figures, cpuUs, systemUs, writes }, { fans, seconds }) {
  const { p50, p99, max, bursts, bytes, frames, sheetsOfFan } = figures;
  const aim = (/** @type {boolean} */ isMet) => (isMet ? 'met' : 'MISSED');
  const worst = Math.max(...bursts);
  console.log(
    `\n${kind}: ${fans} fans, ${played.sheets.length} changes of the match, ${played.balls} places of the ball`,
  );
  console.log(
    `  a change at each fan: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, all ${max.toFixed(0)} ms (aim: p99 ${AIMS.p99Ms} ms: ${aim(p99 <= AIMS.p99Ms)})`,
  );
  console.log(
    `  ${bursts.length} goals at all fans within ${bursts.map((ms) => ms.toFixed(0)).join(', ')} ms (aim ${AIMS.burstMs} ms: ${aim(worst <= AIMS.burstMs)})`,
  );
  console.log(
    `  server: ${(cpuUs / 1e6).toFixed(2)} s of CPU, of it ${(systemUs / 1e6).toFixed(2)} s in the kernel; ${(cpuUs / fans / seconds).toFixed(1)} µs a fan and second, ${(cpuUs / frames).toFixed(1)} µs a frame; the latest batch was ${played.maxLagMs.toFixed(0)} ms late`,
  );
  console.log(
    `  ${(bytes / fans / seconds).toFixed(0)} bytes a fan and second in ${(frames / fans / seconds).toFixed(2)} frames, for which the server wrote ${(writes / fans / seconds).toFixed(2)} times; ${sheetsOfFan.toFixed(1)} documents a fan`,
  );
  if (figures.missing > 0) console.log(`  BROKEN: ${figures.missing} events did not come`);
}

await runCommand({
  help: HELP,
  read: (argv) =>
    parseFlags(argv, {
      fans: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      speed: { type: 'string' },
      goals: { type: 'string' },
      only: { type: 'string' },
    }),
  async run(flags) {
    checkBuilt();
    const plan = {
      fans: count('fans', flags.fans, 10_000),
      seconds: count('seconds', flags.seconds, 30),
      warmUp: count('warm-up', flags['warm-up'], 5),
      speed: count('speed', flags.speed, 10),
      goals: count('goals', flags.goals, 2),
    };
    const shortage = descriptorShortage(plan.fans);
    if (shortage) throw new UsageError(shortage);
    await buildTwinServer();
    const results = [];
    for (const kind of chosen('only', flags.only, SERVERS)) {
      const result = await measure(kind, plan);
      show(result, plan);
      results.push(result);
    }
    const [ours, twin] = results;
    if (ours !== undefined && twin !== undefined) {
      const cpu = ours.cpuUs / twin.cpuUs;
      const bytes = ours.figures.bytes / twin.figures.bytes;
      const aim = (/** @type {number} */ value, /** @type {number} */ most) => (value <= most ? 'met' : 'MISSED');
      console.log(
        `\nfanfare ÷ socketio: CPU ${cpu.toFixed(2)} (aim ${AIMS.cpu}: ${aim(cpu, AIMS.cpu)}), bytes ${bytes.toFixed(3)} (aim ${AIMS.bytes}: ${aim(bytes, AIMS.bytes)})`,
      );
    }
    return results.every(({ figures }) => figures.missing === 0) ? 0 : 1;
  },
});
