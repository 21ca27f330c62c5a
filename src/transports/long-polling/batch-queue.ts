/** Messages for one polling client, in numbered batches that are kept until they are acknowledged. */

/** The frames of one answer. The same object until it is acknowledged, since it may have to be sent again. */
export interface Batch {
  /** Consecutive, starting at 1. */
  readonly seq: number;
  readonly frames: readonly Uint8Array[];
}

/**
 * `taken`: acknowledges a batch. `known`: repeats the last acknowledgement. `late`: older than that, because it was
 * overtaken. `impossible`: of a batch that was never sent.
 */
export type Acknowledgement = 'taken' | 'known' | 'late' | 'impossible';

const nothing: readonly Uint8Array[] = [];

export class BatchQueue {
  /** Not in a batch yet. The bytes are shared with other connections. */
  #queued: Uint8Array[] = [];
  #batch: Batch | undefined;
  #seq = 0;
  #bytes = 0;

  /** @param maxBatchBytes a batch ends before the frame that would exceed this; a frame is never cut */
  constructor(private readonly maxBatchBytes: number) {}

  /** Bytes that are not acknowledged, sent or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the last acknowledged batch. 0: none. */
  get acknowledgedSeq(): number {
    return this.#batch === undefined ? this.#seq : this.#seq - 1;
  }

  /** Whether the next batch was already returned once. */
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

  /** The unacknowledged batch, or a new one; `undefined` when there is nothing to send. */
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
      return n > 0 && bytes > this.maxBatchBytes;
    });
    const frames = this.#queued;
    if (end === -1) {
      this.#queued = [];
      return frames;
    }
    return frames.splice(0, end);
  }
}
