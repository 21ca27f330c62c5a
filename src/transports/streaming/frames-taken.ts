/** Which of a client's numbered frames have been taken, so that a request that comes twice does nothing twice. */

import { createHash } from 'node:crypto';
import type { EncodedMessage } from '../../protocols/protocol.js';

/** How many frames are compared by their bytes; older ones are known by their numbers. */
const maxCompared = 64;
/** How many holes in the numbering are remembered. */
const maxHoles = 64;

interface Hole {
  readonly from: number;
  readonly to: number;
}

export class FramesTaken {
  /** Everything below came before this connection, or never. */
  #lowest: number | undefined;
  #highest = 0;
  /** Numbers in between that did not come, and still may. */
  #holes: Hole[] = [];
  /** By the first number of each. */
  readonly #digests = new Map<number, string>();

  /** False for a frame that was taken before. Another one with used numbers is for the session to judge. */
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
    this.#digests.set(first, digest);
    for (const oldest of this.#digests.keys()) {
      if (this.#digests.size <= maxCompared) break;
      this.#digests.delete(oldest);
    }
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
