/** A position in the stream of one channel. */

/** Offset counts publications from 1 within an epoch; an epoch names one unbroken life of the stream. */
export interface Position {
  /** 0 means before the first publication. At most 2^53 - 1. */
  readonly offset: number;
  /** Id of that life; compared, never ordered. */
  readonly epoch: string;
}

export function samePosition(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.epoch === b.epoch;
}
