/** Numbers that stand for channels' names on this node. */

export class ChannelIds {
  #last = 0;

  /** Never one that there was before: pushes with that may still be on their way. */
  next(): number {
    return ++this.#last;
  }
}
