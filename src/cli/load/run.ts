/** A whole run: leads the workers through its phases, gathers what they tell, and judges it. */

import { cpus } from 'node:os';
import { version } from '../../server/version.js';
import { publicationRate, rampMs } from './assignment.js';
import { bottlenecks } from './bottleneck.js';
import { nowUs } from './clock.js';
import { histogramNames } from './figures.js';
import type { LoadGenerator, Tick } from './generator.js';
import type { Published } from './publications.js';
import { type LoadResult, latencyOf, type Phase, ResultFigures, type Second, shownScenario } from './result.js';
import type { Scenario } from './scenario.js';
import { Seconds } from './seconds.js';
import { serverCpuSec } from './server-cpu.js';
import { judge } from './thresholds.js';

/** What a run reports while it is under way. */
export interface Progress {
  readonly second: Second;
  readonly phase: Phase;
  /** Of the phase; 0 where nobody knows. */
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly deliveries: number;
  readonly errors: ReadonlyMap<string, number>;
}

export interface RunPorts {
  readonly scenario: Scenario;
  readonly generators: readonly LoadGenerator[];
  /** Ends the run early: what there is then is its result. */
  readonly stopped: AbortSignal;
}

/** Time for the orders to reach all workers. */
const leadUs = 200_000;
/** Until then the server, and this process, load and compile what a reading of the metrics takes: nothing to measure. */
const firstReadings = 10;
/** A reading makes both of them late, so it comes before what is measured. Its time counts as used for that. */
const readingUs = 25_000;

export class LoadRun {
  readonly #seconds: Seconds;
  readonly #notes: string[] = [];
  #phase: Phase = 'preparing';
  #phaseStartUs = nowUs();
  #phaseMs = 0;
  readonly #ended = new AbortController();

  constructor(
    workers: number,
    private readonly onProgress: (progress: Progress) => void,
  ) {
    this.#seconds = new Seconds(workers);
  }

  /** @param worker its number; what it tells each second */
  take(worker: number, tick: Tick): void {
    const second = this.#seconds.take(worker, tick, this.#phase);
    if (second !== undefined) this.#tell(second);
  }

  /** @throws Error if a worker was lost */
  async run(ports: RunPorts): Promise<LoadResult> {
    const { scenario, generators, stopped } = ports;
    const startedAt = new Date().toISOString();
    const stop = () => {
      for (const generator of generators) generator.stop();
    };
    stopped.addEventListener('abort', stop, { once: true });
    try {
      await Promise.all(generators.map((generator) => generator.prepare()));
      for (let n = 0; n < firstReadings; n++) if ((await this.#serverCpu(scenario)) === undefined) break;
      const rampStartUs = nowUs() + leadUs;
      this.#enter('connecting', rampStartUs, rampMs(scenario));
      const ready = sum(await Promise.all(generators.map((generator) => generator.connect(rampStartUs))));
      const rampSec = (nowUs() - rampStartUs) / 1e6;
      const measured = ready === 0 ? undefined : await this.#measure(ports);
      this.#seconds.end();
      await Promise.all(generators.map((generator) => generator.close()));
      return this.#result(scenario, { startedAt, ready, rampSec, workers: generators.length, measured });
    } finally {
      this.#ended.abort();
      stopped.removeEventListener('abort', stop);
      await Promise.all(generators.map((generator) => generator.close()));
    }
  }

  async #measure(ports: RunPorts): Promise<Measured> {
    const { scenario, generators, stopped } = ports;
    const startUs = nowUs() + leadUs;
    const measureFromUs = startUs + scenario.warmUp * 1e3;
    const times = { startUs, measureFromUs, endUs: measureFromUs + scenario.duration * 1e3 };
    this.#enter('warming up', startUs, scenario.warmUp);
    const isOver = AbortSignal.any([stopped, this.#ended.signal]);
    const before = later(measureFromUs - readingUs, isOver, () => this.#serverCpu(scenario));
    const entered = later(measureFromUs, isOver, async () =>
      this.#enter('measuring', measureFromUs, scenario.duration),
    );
    const parts = await Promise.all(generators.map((generator) => generator.run(times)));
    await entered;
    const endedUs = Math.min(nowUs(), times.endUs);
    const measuredSec = Math.max(0.001, (endedUs - measureFromUs) / 1e6);
    this.#enter('draining', nowUs(), 0);
    const published: Published = {
      last: parts.flatMap(({ last }) => last),
      uncertain: parts.flatMap(({ uncertain }) => uncertain),
    };
    const lost = sum(await Promise.all(generators.map((generator) => generator.drain(published))));
    const [cpuBefore, cpuAfter] = [await before, await this.#serverCpu(scenario)];
    return {
      measuredSec,
      lost,
      cpuSec: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
    };
  }

  async #serverCpu({ metrics }: Scenario): Promise<number | undefined> {
    if (metrics === undefined) return undefined;
    return serverCpuSec(metrics, (problem) => {
      if (!this.#notes.includes(problem)) this.#notes.push(problem);
    });
  }

  #enter(phase: Phase, startUs: number, ms: number): void {
    this.#phase = phase;
    this.#phaseStartUs = startUs;
    this.#phaseMs = ms;
  }

  #tell(second: Second): void {
    this.onProgress({
      second,
      phase: this.#phase,
      elapsedMs: Math.max(0, (nowUs() - this.#phaseStartUs) / 1e3),
      totalMs: this.#phaseMs,
      deliveries: this.#seconds.totals.counts.deliveries,
      errors: this.#seconds.totals.errors,
    });
  }

  #result(scenario: Scenario, { startedAt, ready, rampSec, workers, measured }: Facts): LoadResult {
    const { totals, series } = this.#seconds;
    const { counts, errors } = totals;
    const { measuredSec = 0, lost = 0, cpuSec } = measured ?? {};
    const perSec = (count: number) => (measuredSec === 0 ? 0 : count / measuredSec);
    const serverCpu =
      cpuSec === undefined || counts.deliveriesMeasured === 0
        ? undefined
        : { usPerDelivery: (cpuSec * 1e6) / counts.deliveriesMeasured, share: perSec(cpuSec) };
    const figures = new ResultFigures(totals, {
      errors: totals.errorCount,
      lost,
      duplicates: counts.duplicates,
      misordered: counts.misordered,
      connections: ready,
      'deliveries.rate': perSec(counts.deliveriesMeasured),
      'publications.rate': perSec(counts.acceptedMeasured),
      ...(serverCpu !== undefined && { serverCpu: serverCpu.usPerDelivery }),
    });
    const evidence = {
      series,
      lateness: latencyOf(totals, 'lateness'),
      errors,
      published: { due: publicationRate(scenario) * (scenario.warmUp / 1e3 + measuredSec), sent: counts.published },
      connections: { wanted: scenario.connections, ready },
    };
    return {
      version,
      startedAt,
      scenario: shownScenario(scenario),
      machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version },
      workers,
      connections: { wanted: scenario.connections, ready, rampSec },
      measuredSec,
      counts: { ...counts },
      expected: counts.deliveries - counts.duplicates + lost,
      lost,
      deliveriesPerSec: perSec(counts.deliveriesMeasured),
      publicationsPerSec: perSec(counts.acceptedMeasured),
      // safe: each name has its latency
      latency: Object.fromEntries(
        histogramNames.map((name) => [name, latencyOf(totals, name)]),
      ) as LoadResult['latency'],
      errors: Object.fromEntries(errors),
      ...(serverCpu !== undefined && { serverCpu }),
      warnings: [...bottlenecks(evidence), ...this.#notes],
      thresholds: judge(scenario.thresholds, figures),
      series,
    };
  }
}

interface Measured {
  readonly measuredSec: number;
  readonly lost: number;
  readonly cpuSec: number | undefined;
}

interface Facts {
  readonly startedAt: string;
  readonly ready: number;
  readonly rampSec: number;
  readonly workers: number;
  readonly measured: Measured | undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

/** Runs it at that time, or not at all. */
function later<Value>(us: number, stopped: AbortSignal, run: () => Promise<Value>): Promise<Value | undefined> {
  if (stopped.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => run().then(resolve, reject), Math.max(0, (us - nowUs()) / 1e3));
    const give = () => {
      clearTimeout(timer);
      // What has been measured before stays.
      resolve(undefined);
    };
    stopped.addEventListener('abort', give, { once: true });
  });
}
