/** What waits for one polling client, in numbered batches that are kept until the client says that it has them. */

/** Frames that travel in one answer. The same object until it is acknowledged: it may have to be sent again. */
export interface Batch {
  /** Counts up by one from 1. */
  readonly seq: number;
  readonly frames: readonly Uint8Array[];
}

/**
 * `taken`: it acknowledges a batch. `known`: it acknowledges what was acknowledged before. `late`: it is older than
 * that, so it was overtaken on its way. `impossible`: of a batch that was never made.
 */
export type Acknowledgement = 'taken' | 'known' | 'late' | 'impossible';

const nothing: readonly Uint8Array[] = [];

export class BatchQueue {
  readonly #maxBatchBytes: number;
  /** Not in a batch yet. Shared bytes: other connections have the same ones. */
  #queued: Uint8Array[] = [];
  #batch: Batch | undefined;
  #seq = 0;
  #bytes = 0;

  /** @param maxBatchBytes with a frame more than this a batch ends before it; a frame is never cut */
  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** All that was not acknowledged, sent or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The last batch that was acknowledged. 0: none. */
  get acknowledgedSeq(): number {
    return this.#batch === undefined ? this.#seq : this.#seq - 1;
  }

  /** The next batch is one that was given before. */
  get isRepeating(): boolean {
    return this.#batch !== undefined;
  }

  push(frame: Uint8Array): void {
    this.#queued.push(frame);
    this.#bytes += frame.length;
  }

  acknowledge(seq: number): Acknowledgement {
    const known = this.acknowledgedSeq;
    if (seq === known) return 'known';
    if (seq < known) return 'late';
    if (seq > this.#seq) return 'impossible';
    for (const { length } of this.#batch?.frames ?? nothing) this.#bytes -= length;
    this.#batch = undefined;
    return 'taken';
  }

  /** The batch that was not acknowledged, or else a new one; `undefined` when there is nothing to send. */
  next(): Batch | undefined {
    if (this.#batch === undefined && this.#queued.length > 0) {
      this.#batch = { seq: ++this.#seq, frames: this.#takeFrames() };
    }
    return this.#batch;
  }

  /** Drops everything. */
  clear(): void {
    this.#queued = [];
    this.#batch = undefined;
    this.#bytes = 0;
  }

  #takeFrames(): Uint8Array[] {
    let bytes = 0;
    const end = this.#queued.findIndex(({ length }, n) => {
      bytes += length;
      return n > 0 && bytes > this.#maxBatchBytes;
    });
    const frames = this.#queued;
    if (end === -1) {
      this.#queued = [];
      return frames;
    }
    return frames.splice(0, end);
  }
}
