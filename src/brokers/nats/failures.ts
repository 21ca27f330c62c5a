/** What JetStream's refusals mean. */

const wrongLastSequence = 10_071;
const streamNotFound = 10_059;
const otherStream = 10_060;
const subjectsOverlap = 10_065;
const nameInUse = 10_058;

/** How often something is sent to a stream of which the servers of a cluster may just be learning, with growing pauses. */
export const newStreamRetries = 5;

/** Something else has been stored since. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === wrongLastSequence;
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
