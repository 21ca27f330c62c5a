// @ts-check
/** Bytes on the wire and CPU for each combination of the ways to send less, beside Centrifugo and Socket.IO. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LOADS } from './bytes/loads.mjs';
import { measure } from './bytes/measure.mjs';
import { aimLines } from './bytes/ratios.mjs';
import { isSimple, optionsText, ROWS } from './bytes/rows.mjs';
import { renderTables } from './bytes/table.mjs';
import { checkBuilt, chosen, count, parseFlags, resultName, runCommand } from './shared/flags.mjs';
import { canPin, describeMachine } from './shared/machine.mjs';

const HELP = `Usage: node bench/bytes.mjs [options]

What three loads (${Object.keys(LOADS).join(', ')}) cost in bytes and CPU with each combination of options that a server has.
Needs a build (npm run build), and Go for Centrifugo; without Go its column is left out.

  --quick           a short run with each option alone, that checks deliveries; its times mean little
  --rounds N        medians are reported, ratios within a round     (1)
  --load LIST       loads to run                                    (all; quick: scores)
  --server LIST     servers to run                                  (all; quick: fanfare,socketio)
  --subscribers N                                                   (100; quick: 3)
  --publications N                                                  (300; quick: 30)
  --name NAME       the result file is bench/results/NAME.json      (bytes; quick: none)
  --help            this text

Exit status: 0, or 1 when a publication was lost, doubled, out of order or not what was published.`;

const SERVER_CORE = 0;
const FULL = { subscribers: 100, publications: 300, warmUp: 60 };
const QUICK = { subscribers: 3, publications: 30, warmUp: 6 };

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    load: { type: 'string' },
    server: { type: 'string' },
    subscribers: { type: 'string' },
    publications: { type: 'string' },
    name: { type: 'string' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ quick = false, rounds: givenRounds, load, server, subscribers, publications, name }) {
  checkBuilt();
  const rounds = count('rounds', givenRounds, 1);
  const loads = chosen('load', load ?? (quick ? 'scores' : undefined), Object.keys(LOADS));
  const servers = chosen('server', server ?? (quick ? 'fanfare,socketio' : undefined), [
    'fanfare',
    'centrifugo',
    'socketio',
  ]);
  const rows = ROWS.filter((row) => servers.includes(row.server) && (!quick || isSimple(row)));
  const usual = quick ? QUICK : FULL;
  const size = {
    ...usual,
    subscribers: count('subscribers', subscribers, usual.subscribers),
    publications: count('publications', publications, usual.publications),
  };
  const core = canPin() ? SERVER_CORE : null;
  /** @type {import('./bytes/table.mjs').Result} */
  const result = {
    startedAt: new Date().toISOString(),
    machine: describeMachine(),
    quick,
    size,
    measured: loads.flatMap((each) => rows.map((row) => ({ ...row, load: each, figures: [], missing: null }))),
  };
  let faults = 0;
  for (let round = 0; round < rounds; round++) {
    for (const row of result.measured) {
      const label = `${row.load} · ${row.server} · ${optionsText(row.options)}`;
      const of = LOADS[row.load];
      if (of === undefined || row.missing !== null) continue;
      try {
        const outcome = await measure(row, of, size, core);
        if (typeof outcome === 'string') {
          row.missing = outcome;
          console.log(`${label}: left out, ${outcome}`);
        } else {
          row.figures.push(outcome);
          const bytes = (outcome.bytesPerSubscriber / size.publications).toFixed(0);
          console.log(`${label}: ${bytes} bytes, ${outcome.cpuUsPerDelivery.toFixed(1)} µs`);
        }
      } catch (error) {
        faults++;
        console.error(`${label}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  console.log(`\n${renderTables(result)}\n`);
  // Its times mean little.
  if (!quick) console.log(`${aimLines(result.measured).join('\n')}\n`);
  if (faults > 0) return 1;
  if (quick && name === undefined) return 0;
  const folder = new URL('./results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const file = new URL(`${resultName(name, 'bytes')}.json`, folder);
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`wrote ${fileURLToPath(file)}`);
  return 0;
}

await runCommand({ help: HELP, read: readFlags, run });
