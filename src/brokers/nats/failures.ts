/** What JetStream's refusals mean. */

const wrongLastSequence = 10_071;
/** The same of an append that is not stored yet, by servers from 2.11 on. */
const wrongLastSequenceInProcess = 10_164;
/** A message with the same id is being stored, and may still fail. */
const sameIdInProcess = 10_158;
const streamNotFound = 10_059;
const otherStream = 10_060;
const subjectsOverlap = 10_065;
const nameInUse = 10_058;

/** How often something is sent to a stream of which the servers of a cluster may just be learning, with growing pauses. */
export const newStreamRetries = 5;

/** Something else has been stored since, or is about to be: what was refused may be tried again. */
export function isConflict(error: unknown): boolean {
  return [wrongLastSequence, wrongLastSequenceInProcess, sameIdInProcess].includes(Number(codeOf(error)));
}

/** The stream is not there, or not the one that was meant. */
export function isStreamMissing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === streamNotFound || code === otherStream) return true;
  // Nobody keeps what is published there.
  return error instanceof Error && error.constructor.name === 'JetStreamNotEnabled';
}

/** Another stream has these subjects, or this name with other settings. */
export function isTaken(error: unknown): boolean {
  return [subjectsOverlap, nameInUse].includes(Number(codeOf(error)));
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
