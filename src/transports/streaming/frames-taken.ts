/** The numbered frames of a client that were processed, so that repeated requests have no effect. */

import { createHash } from 'node:crypto';
import { setNewest } from '../../model/set-newest.js';
import type { EncodedMessage } from '../../protocols/protocol.js';

/** Number of frames that are compared by content; older ones only by number. */
const maxCompared = 64;
/** Number of gaps in the numbering that are remembered. */
const maxHoles = 64;

interface Hole {
  readonly from: number;
  readonly to: number;
}

export class FramesTaken {
  /** Lower numbers were used before this connection, or never. */
  #lowest: number | undefined;
  #highest = 0;
  /** Missing numbers that may still arrive. */
  #holes: Hole[] = [];
  /** By the first number of each frame. */
  readonly #digests = new Map<number, string>();

  /** False for a frame that was processed before. The session judges a different frame with used numbers. */
  take(first: number, last: number, frame: EncodedMessage): boolean {
    const digest = createHash('sha256').update(frame).digest('base64');
    if (this.#hasBeen(first, last)) return (this.#digests.get(first) ?? digest) !== digest;
    this.#lowest ??= first;
    if (first > this.#highest + 1 && this.#highest > 0) {
      this.#holes.push({ from: this.#highest + 1, to: first - 1 });
      if (this.#holes.length > maxHoles) this.#holes.shift();
    }
    if (first <= this.#highest) this.#fill(first, last);
    this.#highest = Math.max(this.#highest, last);
    setNewest(this.#digests, first, digest, maxCompared);
    return true;
  }

  #hasBeen(first: number, last: number): boolean {
    if (this.#lowest === undefined || first < this.#lowest || last > this.#highest) return false;
    return !this.#holes.some(({ from, to }) => first <= to && last >= from);
  }

  #fill(first: number, last: number): void {
    this.#holes = this.#holes.flatMap(({ from, to }) =>
      [
        { from, to: Math.min(to, first - 1) },
        { from: Math.max(from, last + 1), to },
      ].filter((hole) => hole.from <= hole.to && hole.from >= from && hole.to <= to),
    );
  }
}
