/** What JetStream answers instead of a result. */

/** An error with its code. */
export class JetStreamError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** No stream has the subject. */
export class NoResponders extends Error {
  override readonly name = 'NoResponders';
}
