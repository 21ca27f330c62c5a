// @ts-check
/** The transports beside each other, and beside Socket.IO's polling: the same load, paired rounds, medians. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { figureOf, latencyMsAt, medianFigures } from './figures.mjs';
import { canPin, describeMachine } from './machine.mjs';
import { measure } from './measure.mjs';
import { FULL_PLAN, QUICK_PLAN } from './scenarios.mjs';
import { oneLine } from './table.mjs';

const RESULTS = new URL('./results/', import.meta.url);

/** @type {Record<string, { server: string, dialect?: string }>} */
const CONTENDERS = {
  WebSocket: { server: 'fanfare' },
  'HTTP streaming': { server: 'fanfare', dialect: 'http_stream' },
  SSE: { server: 'fanfare', dialect: 'sse' },
  'long polling': { server: 'fanfare', dialect: 'long_polling' },
  'Socket.IO polling': { server: 'socketio-polling' },
};

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, rounds: { type: 'string' } } });
const base = flags.quick ? QUICK_PLAN : FULL_PLAN;
const rounds = Number(flags.rounds ?? base.rounds);
const scenarios = { single: base.scenarios.single, burst: base.scenarios.burst, idle: base.scenarios.idle };
const pinned = canPin();
/** @type {Record<string, Record<string, import('./figures.mjs').Figures[]>>} by scenario and contender */
const figuresOf = {};
/** @type {string[]} */
const faults = [];

for (let round = 0; round < rounds; round++) {
  const names = Object.keys(CONTENDERS);
  const order = [...names.slice(round % names.length), ...names.slice(0, round % names.length)];
  for (const [scenario, load] of Object.entries(scenarios)) {
    if (!load) continue;
    for (const name of order) {
      const contender = CONTENDERS[name];
      if (!contender) continue;
      const measurement = await measure({ ...contender, scenario: load, pinned, profile: null, onProgress() {} });
      faults.push(...measurement.faults.map((fault) => `${scenario}, ${name}, ${fault}`));
      const ofScenario = figuresOf[scenario] ?? {};
      figuresOf[scenario] = { ...ofScenario, [name]: [...(ofScenario[name] ?? []), measurement.figures] };
      console.log(`round ${round + 1}, ${scenario}, ${name}: ${oneLine(load.kind, measurement.figures)}`);
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
  process.exitCode = 1;
} else {
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`transports${flags.quick ? '-quick' : ''}.json`, RESULTS);
  await writeFile(
    file,
    `${JSON.stringify({ machine: describeMachine(), pinned, rounds, scenarios, medians }, null, 1)}\n`,
  );
  console.log(`\nwrote ${fileURLToPath(file)}`);
}
