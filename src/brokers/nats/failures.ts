/** Interprets JetStream's errors. */

const wrongLastSequence = 10_071;
/** The same for an append that is not stored yet, since 2.11. */
const wrongLastSequenceInProcess = 10_164;
/** A message with the same id is being stored, which may still fail. */
const sameIdInProcess = 10_158;
/** A batch of messages of which some are missing, so that none is stored. */
const batchIncomplete = 10_176;
/** The server has too many batches at the same time. */
const tooManyBatches = 10_210;
const streamNotFound = 10_059;
const otherStream = 10_060;
const subjectsOverlap = 10_065;
const nameInUse = 10_058;

/** Retries, with growing pauses, for a new stream that some servers of a cluster may not know yet. */
export const newStreamRetries = 5;

/** Nothing is stored, because another message was meanwhile, or is being stored: the append may be repeated. */
export function isConflict(error: unknown): boolean {
  const codes = [wrongLastSequence, wrongLastSequenceInProcess, sameIdInProcess, batchIncomplete, tooManyBatches];
  return codes.includes(Number(codeOf(error)));
}

/** The stream is missing, or is not the expected one. */
export function isStreamMissing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === streamNotFound || code === otherStream) return true;
  // No stream stores messages of this subject, or has this name.
  return error instanceof Error && (error.constructor.name === 'JetStreamNotEnabled' || isUnanswered(error));
}

function isUnanswered({ name, cause }: Error): boolean {
  return name === 'NoResponders' || (cause instanceof Error && cause.name === 'NoResponders');
}

/** Another stream has these subjects, or this name with other settings. */
export function isTaken(error: unknown): boolean {
  return [subjectsOverlap, nameInUse].includes(Number(codeOf(error)));
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
