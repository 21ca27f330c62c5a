/** The pieces of text that many messages of different people have in common, and nothing else of them. */

import type { MessageSample } from '../engine/fanout/message-samples.js';
import type { Clock } from '../engine/ports/clock.js';
import { inSlices } from '../engine/time/in-slices.js';

/** A piece has to occur in so many, to be none that is about somebody. */
const minMessages = 8;
/** Shorter ones save nothing: a reference takes two to three bytes. */
const gramLength = 6;
const referenceLength = 3;
/** A power of two; a round has half as many sequences, and fewer than 256 messages. */
const hashes = 262_144;
/** Messages that are looked at in one turn of the event loop, and pieces that are counted in one. */
const [messagesPerTurn, piecesPerTurn] = [2, 32];

interface Piece {
  readonly text: string;
  /** What it saves in the samples, in characters. */
  readonly gain: number;
}

/**
 * A piece occurs as it is in at least 8 of the messages. Of what clients have published it occurs in messages of at least 3
 * users, or connections of anonymous ones.
 *
 * @param maxLength of all together, in characters
 * @returns the most useful last
 */
export async function frequentPieces(
  samples: readonly MessageSample[],
  maxLength: number,
  clock: Pick<Clock, 'afterTurn'>,
): Promise<readonly string[]> {
  const known = await gramsOf(samples, clock);
  const candidates = new Set<string>();
  for await (const slice of inSlices(samples, clock, messagesPerTurn)) {
    for (const { text } of slice) for (const piece of piecesIn(text, known, samples)) candidates.add(piece);
  }
  const pieces: Piece[] = [];
  for await (const slice of inSlices(candidates, clock, piecesPerTurn)) {
    for (const text of slice) {
      const holders = samples.flatMap((sample, n) => (sample.text.includes(text) ? [n] : []));
      // Its parts occur in enough of them; only this tells that it does as a whole.
      if (isCommon(holders, samples)) pieces.push({ text, gain: (text.length - referenceLength) * holders.length });
    }
  }
  pieces.sort((one, other) => other.gain - one.gain || (one.text < other.text ? -1 : 1));
  const chosen: string[] = [];
  let length = 0;
  for (const { text } of pieces) {
    if (length + text.length > maxLength || chosen.some((longer) => longer.includes(text))) continue;
    chosen.push(text);
    length += text.length;
  }
  return chosen.reverse();
}

/** The sequences of {@link gramLength} characters that are common, with the samples that each is in, ascending. */
async function gramsOf(
  samples: readonly MessageSample[],
  clock: Pick<Clock, 'afterTurn'>,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const isFrequent = await countsOf(samples, clock);
  const grams = new Map<string, number[]>();
  for await (const slice of inSlices(samples.entries(), clock, messagesPerTurn)) {
    for (const [n, { text }] of slice) {
      for (let at = 0; at + gramLength <= text.length; at++) {
        if (!isFrequent(text, at)) continue;
        const gram = text.slice(at, at + gramLength);
        const holders = grams.get(gram);
        if (holders === undefined) grams.set(gram, [n]);
        else if (holders.at(-1) !== n) holders.push(n);
      }
    }
  }
  for (const [gram, holders] of grams) if (!isCommon(holders, samples)) grams.delete(gram);
  return grams;
}

/** Counts by a hash, so that the many sequences that are in one message alone are never made strings. */
async function countsOf(
  samples: readonly MessageSample[],
  clock: Pick<Clock, 'afterTurn'>,
): Promise<(text: string, at: number) => boolean> {
  const numMessages = new Uint8Array(hashes);
  const lastMessage = new Uint8Array(hashes);
  for await (const slice of inSlices(samples.entries(), clock, messagesPerTurn * 4)) {
    for (const [n, { text }] of slice) {
      for (let at = 0; at + gramLength <= text.length; at++) {
        const hash = hashOf(text, at);
        if (lastMessage[hash] === n + 1) continue;
        lastMessage[hash] = n + 1;
        numMessages[hash] = (numMessages[hash] ?? 0) + 1;
      }
    }
  }
  return (text, at) => (numMessages[hashOf(text, at)] ?? 0) >= minMessages;
}

function hashOf(text: string, at: number): number {
  let hash = 0;
  for (let i = at; i < at + gramLength; i++) hash = Math.imul(hash, 0x9e3779b1) + text.charCodeAt(i);
  return (hash ^ (hash >>> 15)) & (hashes - 1);
}

/** The longest pieces of the text whose parts are together in enough samples; they do not overlap. */
function* piecesIn(
  text: string,
  known: ReadonlyMap<string, readonly number[]>,
  samples: readonly MessageSample[],
): Iterable<string> {
  for (let at = 0; at + gramLength <= text.length; at++) {
    const first = known.get(text.slice(at, at + gramLength));
    if (first === undefined) continue;
    let holders: readonly number[] = first;
    let end = at + gramLength;
    for (; end < text.length; end++) {
      const further = known.get(text.slice(end + 1 - gramLength, end + 1));
      const both = further && inBoth(holders, further);
      if (both === undefined || (both.length < holders.length && !isCommon(both, samples))) break;
      holders = both;
    }
    yield text.slice(at, end);
    at = end - 1;
  }
}

/** Of two ascending lists. */
function inBoth(one: readonly number[], other: readonly number[]): readonly number[] {
  const both: number[] = [];
  let at = 0;
  for (const n of one) {
    while ((other[at] ?? n) < n) at++;
    if (other[at] === n) both.push(n);
  }
  return both;
}

/** Without anything to allocate, since it is asked for each character. The server's messages are from nobody in particular. */
function isCommon(holders: readonly number[], samples: readonly MessageSample[]): boolean {
  if (holders.length < minMessages) return false;
  let first: string | undefined;
  let second: string | undefined;
  for (const n of holders) {
    const publisher = samples[n]?.publisher;
    if (publisher === undefined || publisher === first || publisher === second) continue;
    if (first === undefined) first = publisher;
    else if (second === undefined) second = publisher;
    else return true;
  }
  return first === undefined;
}
