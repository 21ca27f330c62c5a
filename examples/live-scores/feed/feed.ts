/** The feed of the match day: one simulator, or a recording, published by Python where that is installed, else from here. */

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { type Batch, type Line, parseBatch } from '../match-day/lines.js';
import { matchDay } from '../match-day/match-day.js';
import { type PaceOptions, paced } from './pace.js';
import { type Publisher, publishLines } from './publish.js';
import { type ApiAccess, PythonFeed } from './python.js';

export interface FeedHost {
  readonly app: unknown;
  readonly api: ApiAccess;
  readonly log: { warn(about: object, text: string): void };
  readonly signal: AbortSignal;
}

const defaultSpeed = 10;
const pauseMs = 20_000;

/**
 * Begins it. By the environment: SCORES_FEED is `python`, `node`, or `none` where another program publishes; SCORES_SPEED is
 * how fast the day goes by; SCORES_RECORDING is a file that is replayed; SCORES_PYTHON is the program to run.
 *
 * @returns what it is, in words
 * @throws Error for a wrong variable, or where Python was asked for and there is none
 */
export async function startFeed({ app, api, log, signal }: FeedHost): Promise<string> {
  const { SCORES_FEED: wish = 'auto', SCORES_RECORDING: recording, SCORES_PYTHON: program = 'python3' } = process.env;
  if (!['auto', 'python', 'node', 'none'].includes(wish)) {
    throw new Error(`SCORES_FEED is "${wish}": it is python, node or none`);
  }
  if (wish === 'none') return 'none here: another program publishes';
  const speed = Number(process.env.SCORES_SPEED ?? defaultSpeed);
  if (!(speed > 0 && speed <= 1_000)) throw new Error('SCORES_SPEED has to be a number from above 0 to 1,000');
  let python = wish === 'node' ? undefined : await PythonFeed.start(program, api, signal);
  if (python === undefined && wish === 'python') throw new Error(`${program} with the package cent is not installed`);
  // safe: an application whose channels are those of this example
  const publisher = app as Publisher;
  const publish = async (lines: readonly Line[]) => {
    if (python !== undefined && (await python.publish(lines))) return;
    if (python !== undefined && !signal.aborted)
      log.warn({}, 'the feed in Python has ended: this process goes on with it');
    python = undefined;
    await publishLines(publisher, lines);
  };
  const sleep = (ms: number) =>
    (ms > 0 ? delay(ms, undefined, { signal }) : nextTurn(undefined, { signal })).catch(() => {});
  const options = { speed, signal, sleep, nowMs: () => performance.now() };
  run(recording === undefined ? days() : [recorded(recording)], publish, options).catch((error: unknown) => {
    if (!signal.aborted) log.warn({ err: error }, 'the feed has ended');
  });
  const what = recording === undefined ? 'a simulated match day' : recording;
  return `${what}, published ${python === undefined ? 'from this process' : 'in Python over the HTTP API'}`;
}

async function run(
  sequence: Iterable<Iterable<Batch>>,
  publish: (lines: readonly Line[]) => Promise<void>,
  options: PaceOptions,
): Promise<void> {
  for (const batches of sequence) {
    for await (const lines of paced(batches, options)) await publish(lines);
    await options.sleep(pauseMs);
    if (options.signal.aborted) return;
  }
}

function* days(): Generator<Iterable<Batch>> {
  for (let day = 1; ; day++) yield matchDay(day);
}

/** @throws Error if there is no such file; v.ValiError for a line that is no batch */
function* recorded(path: string): Generator<Batch> {
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') yield parseBatch(line);
}
