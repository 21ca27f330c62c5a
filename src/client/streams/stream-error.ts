/** Why a stream is not whole. */

/**
 * `ERR_STREAM_FAILED`: its producer says so; `result` is what it says. `ERR_STREAM_INTERRUPTED`: its producer is gone, or
 * the server has lost it; it may go on. `ERR_STREAM_REPLACED`: the server has begun another one of the same id.
 * `ERR_STREAM_CLOSED`: it is not read any more. `ERR_STREAM_LOST`: another producer has opened it. `ERR_STREAM_INVALID`: what
 * is in it is not what its reader can read.
 */
export const streamErrors = [
  'ERR_STREAM_FAILED',
  'ERR_STREAM_INTERRUPTED',
  'ERR_STREAM_REPLACED',
  'ERR_STREAM_CLOSED',
  'ERR_STREAM_LOST',
  'ERR_STREAM_INVALID',
] as const;
/** Why a stream is not whole; each is described above. */
export type StreamErrorCode = (typeof streamErrors)[number];

/** Match on `code`; the message is for people and may change. */
export class StreamError extends Error {
  /** The name of the class. */
  override readonly name = 'StreamError';

  constructor(
    /** What has happened, as {@link StreamErrorCode} lists it. */
    readonly code: StreamErrorCode,
    message: string,
    /** Of a stream that has failed. */
    readonly result?: unknown,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
