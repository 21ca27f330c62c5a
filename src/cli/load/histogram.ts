/**
 * Counts of times in microseconds, exact to a thousandth, that can be sent to another process and added there. Node's own
 * (`createHistogram`) cannot leave its process.
 */

/** Values below 2^(bits + 1) have buckets of their own; above, each power of two is divided into 2^bits. */
const bits = 10;
const perPower = 2 ** bits;
const largest = 2 ** 31 - 1;
const bucketCount = (31 - bits) * perPower + perPower;

/** A histogram as a message: pairs of a bucket's number and its count. */
export interface HistogramData {
  readonly pairs: readonly number[];
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface CurvePoint {
  /** 0 to 100. */
  readonly percentile: number;
  readonly us: number;
}

export class Histogram {
  readonly #counts = new Uint32Array(bucketCount);
  #count = 0;
  #sum = 0;
  #min = largest;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** 0 without values. */
  get max(): number {
    return this.#max;
  }

  /** 0 without values. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  /** 0 without values. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** @param us below 0 counts as 0, beyond half an hour as half an hour */
  record(us: number): void {
    const value = us <= 0 ? 0 : us >= largest ? largest : Math.round(us);
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  add({ pairs, sum, min, max }: HistogramData): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const [bucket = 0, count = 0] = [pairs[at], pairs[at + 1]];
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#count += count;
    }
    if (pairs.length === 0) return;
    this.#sum += sum;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
  }

  /** Everything since the last call; it is empty afterwards. */
  take(): HistogramData {
    const data = this.data();
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = largest;
    this.#max = 0;
    return data;
  }

  data(): HistogramData {
    const pairs: number[] = [];
    if (this.#count > 0) {
      const last = bucketOf(this.#max);
      for (let bucket = bucketOf(this.#min); bucket <= last; bucket++) {
        const count = this.#counts[bucket] ?? 0;
        if (count > 0) pairs.push(bucket, count);
      }
    }
    return { pairs, sum: this.#sum, min: this.min, max: this.#max };
  }

  /** The time within which this share of the values lies; 0 without values. */
  percentile(percentile: number): number {
    return this.curve([percentile])[0]?.us ?? 0;
  }

  /** @param percentiles in ascending order */
  curve(percentiles: readonly number[]): CurvePoint[] {
    let bucket = this.#count === 0 ? 0 : bucketOf(this.#min);
    let seen = this.#counts[bucket] ?? 0;
    return percentiles.map((percentile) => {
      // The product of two decimals may be a hair above a whole number.
      const wanted = Math.max(1, Math.ceil(Number(((percentile / 100) * this.#count).toFixed(6))));
      while (seen < wanted && bucket < bucketCount - 1) {
        bucket += 1;
        seen += this.#counts[bucket] ?? 0;
      }
      return { percentile, us: Math.min(this.#max, highestOf(bucket)) };
    });
  }
}

function bucketOf(value: number): number {
  const shift = Math.max(0, 31 - Math.clz32(value) - bits);
  return shift * perPower + (value >>> shift);
}

/** The largest value of a bucket. */
function highestOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / perPower) - 1);
  return (bucket - shift * perPower + 1) * 2 ** shift - 1;
}
