/** `fanfare load`: makes a load on a server that speaks the Centrifugal protocol, and reports how it bears it. */

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { commandVariables, flagName } from '../config/layers.js';
import { formatProblem } from '../config/problem.js';
import { defined } from '../model/defined.js';
import { type Command, type CommandContext, exitCodes, type Flag, failed, flagText, UsageError } from './command.js';
import { workerCount } from './load/assignment.js';
import { Generator, type Tick } from './load/generator.js';
import { LiveView } from './load/live-view.js';
import { maxRun } from './load/mark.js';
import { renderReport } from './load/report.js';
import { type LoadResult, withoutPassword } from './load/result.js';
import { LoadRun } from './load/run.js';
import { readScenario, type Scenario } from './load/scenario.js';
import { type FieldPath, scenarioTable } from './load/scenario-fields.js';
import { summaryOf } from './load/summary.js';
import { errorList } from './load/texts.js';
import { isLoadWorker, serveLoadWorker, WorkerProcess } from './load/worker-process.js';
import { onStopSignals } from './stop-signals.js';

/** The condition of one figure is a flag of its own. */
const thresholdFlag = 'threshold';
const fieldFlags = new Map(
  scenarioTable.paths.map((path): [string, FieldPath] => [
    path === 'thresholds' ? thresholdFlag : flagName(path),
    path,
  ]),
);

function flagOf(path: FieldPath): Flag {
  const { kind, about, default: usual, unset, zero } = scenarioTable.at(path);
  // safe: a field's default is of its kind
  const given = usual === undefined || path === 'thresholds' ? unset : kind.format(usual as NonNullable<unknown>);
  const notes = `${given === undefined ? '' : ` Default: ${given}.`}${zero === undefined ? '' : ` 0: ${zero}`}`;
  return {
    about: `${about}${notes}`,
    ...(!kind.isSwitch && { value: kind.name }),
    ...(kind.isList && { repeatable: true }),
  };
}

export const load: Command = {
  name: 'load',
  usage: '[scenario.yaml] [flags]',
  about: [
    'Makes a load on a server that speaks the Centrifugal protocol, Fanfare or Centrifugo, and reports latency, losses and',
    'errors. Connects and publications keep to their times whatever the server does, and latency counts from those times.',
    'A scenario is a file (docs/operations/load-testing.md), flags, or both, of which flags win. Ctrl+C ends it early.',
    'The exit code is 1 when nothing could connect or a threshold was missed.',
  ],
  flags: {
    ...Object.fromEntries([...fieldFlags].map(([name, path]) => [name, flagOf(path)])),
    json: { about: 'Write the result to this file as JSON.', value: 'file' },
    html: { about: 'Write a report to this file: one page with plots, which needs no other file.', value: 'file' },
  },
  positionals: { min: 0, max: 1 },
  listsOptions: false,
  async run(parsed, context) {
    if (isLoadWorker(context.env)) {
      await serveLoadWorker();
      return exitCodes.ok;
    }
    const [file] = parsed.positionals;
    const texts = [...fieldFlags].flatMap(([name, path]): [FieldPath, string][] => {
      const values = parsed.flags.get(name);
      return values === undefined ? [] : [[path, values.join(',')]];
    });
    const outcome = await readScenario({
      folder: context.folder,
      flags: new Map(texts),
      fallbacks: defined({ url: context.env[commandVariables.url], token: context.env[commandVariables.token] }),
      ...defined({ file }),
    });
    if (!outcome.ok) throw new UsageError(outcome.problems.map(formatProblem).join('\n'));
    const paths = defined({ json: flagText(parsed, 'json'), html: flagText(parsed, 'html') });
    const result = await runHere(outcome.scenario, context);
    return report(result, paths, context);
  },
};

async function runHere(scenario: Scenario, { terminal }: CommandContext): Promise<LoadResult> {
  const stopping = new AbortController();
  const release = onStopSignals(
    () => stopping.abort(),
    () => process.exit(exitCodes.failed),
  );
  const count = workerCount(scenario, availableParallelism());
  const view = new LiveView(terminal, `fanfare load on ${withoutPassword(scenario.url)}`, scenario.connections);
  const run = new LoadRun(count, (progress) => view.show(progress));
  const runNumber = 1 + Math.floor(Math.random() * maxRun);
  const generators = Array.from({ length: count }, (_, index) => {
    const task = { scenario, share: { index, count }, run: runNumber };
    const onTick = (tick: Tick) => run.take(index, tick);
    return count === 1 ? new Generator(task, onTick) : new WorkerProcess(task, onTick);
  });
  try {
    return await run.run({
      scenario,
      generators,
      stopped: stopping.signal,
    });
  } finally {
    release();
  }
}

function report(
  result: LoadResult,
  { json, html }: { readonly json?: string; readonly html?: string },
  { terminal, folder }: CommandContext,
): number {
  for (const line of summaryOf(result, terminal.style)) terminal.out(line);
  if (json !== undefined) writeResult(folder, json, `${JSON.stringify(result, null, 1)}\n`);
  if (html !== undefined) writeResult(folder, html, renderReport(result));
  if (result.connections.ready === 0)
    return failed(
      terminal,
      `no connection to ${result.scenario.url} was subscribed: ${errorList(Object.entries(result.errors))}`,
    );
  return result.thresholds.every(({ met }) => met) ? exitCodes.ok : exitCodes.failed;
}

/** @throws UsageError */
function writeResult(folder: string, name: string, text: string): void {
  try {
    writeFileSync(resolve(folder, name), text);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new UsageError(`${name} cannot be written (${code})`, { cause: error });
  }
}
