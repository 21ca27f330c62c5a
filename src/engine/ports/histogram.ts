/** Distributions of what the engine measures. Fixed buckets in a plain array, so that a value costs an addition. */

/** One measured value, with the trace that it belongs to. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** When it was measured, in Unix milliseconds. */
  readonly atMs: number;
}

export class Histogram {
  /** Of each bucket alone; the last one has what is above all bounds. */
  readonly counts: Float64Array;
  sum = 0;
  /** The latest of each bucket; absent as long as nothing is traced. */
  exemplars: (Exemplar | undefined)[] | undefined;

  /** @param bounds the upper bound of each bucket, in ascending order */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  observe(value: number): void {
    const bucket = this.#bucketOf(value);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }

  /** @param traceId `undefined`: the value belongs to no trace */
  observeTraced(value: number, traceId: string | undefined, atMs: number): void {
    this.observe(value);
    if (traceId === undefined) return;
    this.exemplars ??= [];
    this.exemplars[this.#bucketOf(value)] = { traceId, value, atMs };
  }

  #bucketOf(value: number): number {
    const { bounds } = this;
    let bucket = 0;
    // Not a number: above all bounds.
    while (bucket < bounds.length && !(value <= (bounds[bucket] ?? 0))) bucket++;
    return bucket;
  }
}

/** A histogram for each value of one label. The values come from fixed tables, so there are few. */
export class HistogramFamily {
  readonly #members = new Map<string, Histogram>();

  constructor(private readonly bounds: readonly number[]) {}

  /** Made when it is first needed. */
  of(label: string): Histogram {
    let histogram = this.#members.get(label);
    if (histogram === undefined) {
      histogram = new Histogram(this.bounds);
      this.#members.set(label, histogram);
    }
    return histogram;
  }

  [Symbol.iterator](): Iterator<[label: string, histogram: Histogram]> {
    return this.#members[Symbol.iterator]();
  }
}
