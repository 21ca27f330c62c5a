// @ts-check
/** Compares the transports with each other, and with Socket.IO's polling: the same load, paired rounds, medians. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rotated } from './end-to-end/rounds.mjs';
import { FULL_PLAN, QUICK_PLAN } from './end-to-end/scenarios.mjs';
import { oneLine } from './end-to-end/table.mjs';
import { figureOf, latencyMsAt, medianFigures } from './shared/figures.mjs';
import { checkBuilt, count, parseFlags, resultName, runCommand } from './shared/flags.mjs';
import { canPin, describeMachine } from './shared/machine.mjs';
import { measure } from './shared/measure.mjs';

const HELP = `Usage: node bench/transports.mjs [options]

What a delivery costs over each transport, and what a connection keeps, beside Socket.IO's polling. Needs a build
(npm run build). Leave the machine alone meanwhile.

  --quick          a short run that checks deliveries; its times mean little
  --rounds N       paired rounds; medians are reported             (5; quick: 1)
  --name NAME      the result file is bench/results/NAME.json      (transports; quick: transports-quick)
  --help           this text

Exit status: 0, or 1 when a delivery was lost, doubled or out of order, or a process failed.`;

const RESULTS = new URL('./results/', import.meta.url);

/** @type {Record<string, { server: string, dialect?: string }>} */
const CONTENDERS = {
  WebSocket: { server: 'fanfare' },
  'HTTP streaming': { server: 'fanfare', dialect: 'http_stream' },
  SSE: { server: 'fanfare', dialect: 'sse' },
  'long polling': { server: 'fanfare', dialect: 'long_polling' },
  'Socket.IO polling': { server: 'socketio-polling' },
};

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, { quick: { type: 'boolean' }, rounds: { type: 'string' }, name: { type: 'string' } });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ quick = false, rounds: givenRounds, name: givenName }) {
  checkBuilt();
  const base = quick ? QUICK_PLAN : FULL_PLAN;
  const rounds = count('rounds', givenRounds, base.rounds);
  const fileName = resultName(givenName, quick ? 'transports-quick' : 'transports');
  const { single, burst, idle } = base.scenarios;
  const scenarios = { single, burst, idle };
  const pinned = canPin();
  /** @type {Record<string, Record<string, import('./shared/figures.mjs').Figures[]>>} by scenario and contender */
  const figuresOf = {};
  /** @type {string[]} */
  const faults = [];
  for (let round = 0; round < rounds; round++) {
    for (const [scenario, load] of Object.entries(scenarios)) {
      if (!load) continue;
      for (const name of rotated(Object.keys(CONTENDERS), round)) {
        const contender = CONTENDERS[name];
        if (!contender) continue;
        const measurement = await measure({ ...contender, scenario: load, pinned, profile: null, onProgress() {} });
        faults.push(...measurement.faults.map((fault) => `${scenario}, ${name}, ${fault}`));
        const ofScenario = figuresOf[scenario] ?? {};
        figuresOf[scenario] = { ...ofScenario, [name]: [...(ofScenario[name] ?? []), measurement.figures] };
        console.log(`round ${round + 1}/${rounds} · ${scenario} · ${name}: ${oneLine(load.kind, measurement.figures)}`);
      }
    }
  }
  /** @type {Record<string, Record<string, object>>} */
  const medians = {};
  for (const [scenario, byName] of Object.entries(figuresOf)) {
    console.log(`\n${scenario}, medians of ${rounds}`);
    for (const [name, figures] of Object.entries(byName)) {
      const middle = medianFigures(figures);
      const isIdle = scenario === 'idle';
      const shown = isIdle
        ? {
            rssBytesPerConnection: figureOf(middle, 'rssBytesPerConnection'),
            heapBytesPerConnection: figureOf(middle, 'heapBytesPerConnection'),
          }
        : {
            cpuUsPerDelivery: figureOf(middle, 'cpuUsPerDelivery'),
            p50Ms: latencyMsAt(middle, 50),
            p99Ms: latencyMsAt(middle, 99),
          };
      medians[scenario] = { ...medians[scenario], [name]: shown };
      console.log(`  ${name.padEnd(20)} ${oneLine(isIdle ? 'idle' : 'delivery', middle)}`);
    }
  }
  if (faults.length > 0) {
    console.error(`\n${faults.join('\n')}`);
    return 1;
  }
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${fileName}.json`, RESULTS);
  const result = { machine: describeMachine(), pinned, rounds, scenarios, medians };
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`\nwrote ${fileURLToPath(file)}`);
  return 0;
}

await runCommand({ help: HELP, read: readFlags, run });
