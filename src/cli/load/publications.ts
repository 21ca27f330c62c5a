/** Makes the publications of a run when they are due, numbered within each channel, and remembers what became of them. */

import { Arrivals } from './arrivals.js';
import { publicationRate, publisherCount, randomStreams, type WorkerShare } from './assignment.js';
import { msUntil, nowUs } from './clock.js';
import type { WorkerFigures } from './figures.js';
import type { OnPublished } from './load-client.js';
import { payloadMaker } from './mark.js';
import { ChannelChoice } from './popularity.js';
import { SeededRandom } from './random.js';
import type { Scenario } from './scenario.js';

/** Publishes all of one turn for one channel's publisher. */
export type Publish = (
  publisher: number,
  publications: readonly { readonly json: string; readonly onPublished: OnPublished }[],
) => void;

/** What was published, so that others can tell what is missing. */
export interface Published {
  /** Pairs of a channel and the number of its last publication. */
  readonly last: readonly (readonly [channel: number, sequence: number])[];
  /** Of those that were refused, or of which nobody knows: they may arrive or not. */
  readonly uncertain: readonly (readonly [channel: number, sequence: number])[];
}

export interface PublicationPorts {
  readonly figures: WorkerFigures;
  readonly publish: Publish;
  channelName(channel: number): string;
  /** The publisher of a channel if this worker has it. */
  publisherOf(channel: number): number | undefined;
}

export interface Times {
  /** All in microseconds of the machine's clock. */
  readonly startUs: number;
  readonly measureFromUs: number;
  readonly endUs: number;
}

/** In one turn at most, so that answers are read between them. */
const maxPerTurn = 2_000;
/** Beyond these a publication is not sent, since the server takes none any more. */
const maxPending = 100_000;
const maxFrameBytes = 32_768;

export class Publications {
  readonly #last = new Map<number, number>();
  readonly #uncertain: (readonly [number, number])[] = [];
  #pending = 0;
  #timer: NodeJS.Timeout | undefined;
  #nextTurn: NodeJS.Immediate | undefined;
  #endUs = 0;
  #onIdle: (() => void) | undefined;

  constructor(
    private readonly scenario: Scenario,
    private readonly run: number,
    private readonly ports: PublicationPorts,
  ) {}

  /** Resolves when all that was due has been answered, or was not in `timeout`. */
  async publishAll({ startUs, measureFromUs, endUs }: Times): Promise<Published> {
    const { scenario } = this;
    this.#endUs = endUs;
    const ratePerSec = publicationRate(scenario);
    if (ratePerSec > 0) {
      const arrivals = new Arrivals(
        {
          ratePerSec,
          burst: scenario['publish.burst'],
          arrivals: scenario['publish.thinkTime'] === undefined ? scenario['publish.arrivals'] : 'poisson',
        },
        startUs,
        new SeededRandom(scenario.seed, randomStreams.arrivals),
      );
      await this.#follow(arrivals, measureFromUs);
    } else await this.#wait(() => this.#endUs);
    await this.#untilAnswered();
    return { last: [...this.#last], uncertain: this.#uncertain };
  }

  /** Nothing that is due later is published. */
  endAt(us: number): void {
    this.#endUs = Math.min(this.#endUs, us);
  }

  #wait(until: () => number): Promise<void> {
    return new Promise((resolve) => {
      // The end may move, so it is looked at now and then.
      const look = () => {
        if (nowUs() >= until()) resolve();
        else this.#timer = setTimeout(look, Math.min(100, msUntil(until())));
      };
      look();
    });
  }

  #follow(arrivals: Arrivals, measureFromUs: number): Promise<void> {
    const { scenario, run, ports } = this;
    const random = new SeededRandom(scenario.seed, randomStreams.publish);
    const channels = new ChannelChoice(scenario['channels.count'], scenario['publish.popularity'], random);
    const payload = payloadMaker(scenario['publish.size']);
    return new Promise((resolve) => {
      const turn = () => {
        const atUs = nowUs();
        const due = new Map<number, { json: string; onPublished: OnPublished }[]>();
        let left = maxPerTurn;
        while (arrivals.dueUs <= atUs && arrivals.dueUs < this.#endUs && left > 0) {
          const { dueUs } = arrivals;
          const channel = channels.next();
          arrivals.advance();
          left -= 1;
          const publisher = ports.publisherOf(channel);
          if (publisher === undefined) continue;
          if (dueUs >= measureFromUs) ports.figures.histograms.lateness.record(atUs - dueUs);
          const sequence = (this.#last.get(channel) ?? 0) + 1;
          this.#last.set(channel, sequence);
          ports.figures.counts.published += 1;
          const onPublished = this.#outcomeOf(channel, sequence, dueUs, measureFromUs);
          if (this.#pending > maxPending) {
            onPublished('unknown');
            continue;
          }
          const data = payload({ run, channel, sequence, dueUs });
          const json = `{"channel":${JSON.stringify(ports.channelName(channel))},"data":${data}}`;
          const batch = due.get(publisher);
          if (batch === undefined) due.set(publisher, [{ json, onPublished }]);
          else batch.push({ json, onPublished });
        }
        for (const [publisher, batch] of due) this.#send(publisher, batch);
        if (arrivals.dueUs >= this.#endUs) {
          resolve(this.#wait(() => this.#endUs));
          return;
        }
        if (left === 0) this.#nextTurn = setImmediate(turn);
        else this.#timer = setTimeout(turn, Math.min(100, msUntil(arrivals.dueUs)));
      };
      this.#timer = setTimeout(turn, msUntil(arrivals.dueUs));
    });
  }

  /** In frames that servers take. */
  #send(publisher: number, batch: readonly { readonly json: string; readonly onPublished: OnPublished }[]): void {
    const perFrame = Math.max(1, Math.floor(maxFrameBytes / (this.scenario['publish.size'] + 200)));
    for (let at = 0; at < batch.length; at += perFrame) {
      this.ports.publish(publisher, batch.slice(at, at + perFrame));
    }
  }

  #outcomeOf(channel: number, sequence: number, dueUs: number, measureFromUs: number): OnPublished {
    this.#pending += 1;
    const { counts, histograms } = this.ports.figures;
    return (outcome) => {
      this.#pending -= 1;
      if (outcome === 'accepted') {
        counts.accepted += 1;
        if (dueUs >= measureFromUs) {
          counts.acceptedMeasured += 1;
          histograms.publish.record(nowUs() - dueUs);
        }
      } else {
        this.#uncertain.push([channel, sequence]);
        this.ports.figures.error(`publish.${outcome}`);
      }
      if (this.#pending === 0) this.#onIdle?.();
    };
  }

  #untilAnswered(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(resolve, this.scenario.timeout);
      this.#onIdle = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#nextTurn);
  }
}

/** The publisher of a channel: always the same, so that the channel's order can be checked. */
export function publisherAt(scenario: Scenario, channel: number): number {
  return channel % publisherCount(scenario);
}

/** Whether a worker has it. */
export function hasPublisher({ index, count }: WorkerShare, publisher: number): boolean {
  return publisher % count === index;
}
