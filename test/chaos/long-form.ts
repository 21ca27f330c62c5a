/** The long form of the faults: at least so many kills over all brokers that are there; prints how it goes, and judges. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { natsIsMissing } from '../support/brokers/nats-server.js';
import { rabbitmqIsMissing } from '../support/brokers/rabbitmq-server.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { type ChaosBroker, natsChaos, rabbitmqChaos, redisChaos } from './chaos-broker.js';
import {
  blackHole,
  brokerPause,
  brokerRestart,
  type ChaosFault,
  disorder,
  nodeKill,
  nodePause,
  partialCut,
  rollingDeploy,
} from './chaos-faults.js';
import { type RunOutcome, runChaos } from './chaos-run.js';
import type { Violation } from './history.js';
import { SeededRandom } from './seeded-random.js';

interface Contestant {
  readonly name: string;
  readonly isMissing: () => boolean;
  readonly start: () => Promise<ChaosBroker>;
  /** Of the kills, in parts of all. */
  readonly share: number;
  readonly faults: readonly ChaosFault[];
}

const everywhere = [
  rollingDeploy(),
  brokerRestart(500),
  brokerRestart(8_000),
  blackHole(5_000, 'both', 'one'),
  blackHole(5_000, 'toServer', 'one'),
  blackHole(5_000, 'toClient', 'one'),
  blackHole(30_000, 'both', 'all'),
  blackHole(30_000, 'toServer', 'one'),
  blackHole(30_000, 'toClient', 'one'),
  blackHole(120_000, 'both', 'one'),
];

const contestants: readonly Contestant[] = [
  {
    name: 'redis',
    isMissing: redisIsMissing,
    start: () => redisChaos(),
    share: 4,
    faults: [
      ...everywhere,
      partialCut('subscriptions', 5_000),
      partialCut('subscriptions', 30_000),
      partialCut('commands', 5_000),
      partialCut('commands', 30_000),
      nodePause(30_000),
      nodePause(75_000),
      brokerPause(30_000),
      disorder(['repeat'], 10_000),
      disorder(['hold'], 10_000),
      disorder(['repeat', 'hold', 'drop'], 10_000),
    ],
  },
  {
    name: 'redis, persistent',
    isMissing: redisIsMissing,
    start: () => redisChaos({ isPersistent: true }),
    share: 1,
    faults: [brokerRestart(500), brokerRestart(8_000), brokerRestart(20_000)],
  },
  {
    name: 'nats',
    isMissing: natsIsMissing,
    start: () => natsChaos(),
    share: 2,
    faults: [...everywhere, nodePause(30_000), brokerPause(30_000)],
  },
  {
    name: 'nats, persistent',
    isMissing: natsIsMissing,
    start: () => natsChaos({ isPersistent: true }),
    share: 1,
    faults: [brokerRestart(500), brokerRestart(8_000)],
  },
  {
    name: 'rabbitmq',
    isMissing: rabbitmqIsMissing,
    start: () => rabbitmqChaos(),
    share: 2,
    faults: [...everywhere, nodePause(30_000), brokerPause(30_000)],
  },
];

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string', default: '100' },
    /** Only these, by their names. */
    broker: { type: 'string', multiple: true },
    /** Only faults whose names contain it, each once, beside as many kills as asked for. */
    fault: { type: 'string' },
    rate: { type: 'string', default: '150' },
    clients: { type: 'string', default: '40' },
    report: { type: 'string', default: '.cache/chaos/report.json' },
  },
});

const world = {
  numNodes: 3,
  numClients: Number(options.clients),
  numChannels: 6,
  channelsPerClient: 3,
  ratePerSec: Number(options.rate),
};

/** The faults in a random order, with the kills spread among them; every tenth takes two nodes. */
function scheduleOf(faults: readonly ChaosFault[], kills: number, random: SeededRandom): ChaosFault[] {
  const schedule = faults.filter(({ name }) => options.fault === undefined || name.includes(options.fault));
  for (let left = kills, n = 1; left > 0; n++) {
    const kill = nodeKill(n % 10 === 0 && left > 1 ? 2 : 1);
    left -= kill.kills;
    schedule.push(kill);
  }
  for (let n = schedule.length - 1; n > 0; n--) {
    const other = random.below(n + 1);
    const [one, two] = [schedule[n], schedule[other]];
    if (one !== undefined && two !== undefined) [schedule[n], schedule[other]] = [two, one];
  }
  return schedule;
}

async function runLongForm(): Promise<boolean> {
  const random = new SeededRandom(Number(options.seed));
  const wanted = contestants.filter(({ name }) => options.broker === undefined || options.broker.includes(name));
  const present = wanted.filter((one) => !one.isMissing());
  const shares = present.reduce((sum, { share }) => sum + share, 0);
  const outcomes: RunOutcome[] = [];
  let kills = 0;
  console.log(`seed ${options.seed}: repeat with --seed ${options.seed}`);
  for (const { name, start, share, faults } of present) {
    const schedule = scheduleOf(faults, Math.ceil((Number(options.kills) * share) / shares), random);
    await using broker = await start();
    const outcome = await runChaos(broker, {
      world,
      faults: schedule,
      random,
      onFault: (one) => {
        kills += one.kills;
        const time = new Date().toISOString().slice(11, 19);
        console.log(
          `${time}  ${name}  kills ${kills}/${options.kills}  ${one.fault}${one.detail && ` (${one.detail})`}  ` +
            `well after ${one.settledMs} ms  deliveries ${one.deliveries}  violations ${one.violations}`,
        );
        for (const violation of one.newViolations) console.log(`    ${violationText(violation)}`);
      },
    });
    outcomes.push(outcome);
    writeReport(outcomes, kills);
  }
  for (const outcome of outcomes) console.log(summaryOf(outcome));
  return outcomes.length > 0 && outcomes.every(({ violations, crashes }) => violations.length + crashes.length === 0);
}

function writeReport(outcomes: readonly RunOutcome[], kills: number): void {
  mkdirSync(dirname(options.report), { recursive: true });
  const report = { seed: Number(options.seed), kills, world, outcomes };
  writeFileSync(options.report, JSON.stringify(report, undefined, 1));
}

function summaryOf(outcome: RunOutcome): string {
  const { broker, isPersistent, faults, kills, published, acknowledged, delivered, violations, crashes } = outcome;
  const lines = [
    '',
    `${broker}${isPersistent ? ', persistent' : ''}: ${kills} kills, ${faults.length} faults`,
    `  published ${published}, acknowledged ${acknowledged}, delivered ${delivered}`,
    `  clients of killed nodes were elsewhere after ${outcome.longestAwayMs} ms at most`,
    `  publications were refused after ${outcome.slowestRefusalMs} ms at most, ${outcome.unanswered} not answered in time`,
    `  nodes had to be started ${outcome.failedStarts} times more, because they could not reach the broker in time`,
    `  the machine stood still for ${outcome.stalledMs} ms, which do not count`,
    `  crashes ${crashes.length}, violations ${violations.length}`,
    ...violations.slice(0, 50).map((violation) => `  ${violationText(violation)}`),
    ...crashes.map((text) => `  ${text}`),
  ];
  return lines.join('\n');
}

function violationText({ line, atMs, text }: Violation): string {
  return `${line} at ${Math.round(atMs)} ms: ${text}`;
}

process.exit((await runLongForm()) ? 0 : 1);
