/** Looks for text in the frames that a peer has received. */

import type { Gathered } from '../centrifuge/awaiting.js';

/** Resolves with the first message that holds the text, once it has come. */
export async function messageWith(frames: Gathered<string>, text: string): Promise<string> {
  for (;;) {
    const count = frames.items.length;
    const found = frames.items.flatMap((frame) => frame.split('\n')).find((message) => message.includes(text));
    if (found !== undefined) return found;
    await frames.atLeast(count + 1);
  }
}
