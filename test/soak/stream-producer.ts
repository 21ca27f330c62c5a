/** Opens a stream, appends to it for a while and ends it, again and again, each step at whichever node it is given. */

import type { ApiCalls } from './api-calls.js';
import type { SoakNode } from './soak-node.js';

const channel = 'answers:1';
const appendsEach = 20;

interface Opened {
  readonly id: string;
  readonly run: number;
  numAppends: number;
}

export class StreamProducer {
  #stream: Opened | undefined;
  #isBusy = false;

  /** The next step; nothing while the one before is under way. @throws Error when the node is going */
  async goOn(calls: ApiCalls, node: SoakNode): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const stream = this.#stream;
    // Whatever becomes of a step that fails, the next one begins anew: nobody ends the stream but its time.
    this.#stream = undefined;
    try {
      this.#stream = stream === undefined ? await open(calls, node) : await grow(stream, calls, node);
    } finally {
      this.#isBusy = false;
    }
  }
}

async function open(calls: ApiCalls, node: SoakNode): Promise<Opened> {
  const answer = await calls.post(node, 'stream_open', { channel });
  if (!hasRun(answer)) throw new Error(`no stream: ${JSON.stringify(answer)}`);
  const { id, run } = answer.result;
  return { id, run, numAppends: 0 };
}

/** @returns `undefined` when it has ended */
async function grow(stream: Opened, calls: ApiCalls, node: SoakNode): Promise<Opened | undefined> {
  const { id, run } = stream;
  if (stream.numAppends === appendsEach) {
    await calls.post(node, 'stream_close', { channel, id, run, seq: appendsEach, result: { appendsEach } });
    return undefined;
  }
  const seq = ++stream.numAppends;
  await calls.post(node, 'stream_append', { channel, id, run, seq, text: `the ${seq}th token of many ` });
  return stream;
}

function hasRun(answer: unknown): answer is { readonly result: { readonly id: string; readonly run: number } } {
  if (typeof answer !== 'object' || answer === null || !('result' in answer)) return false;
  const { result } = answer;
  return typeof result === 'object' && result !== null && 'run' in result && typeof result.run === 'number';
}
