/** Decodes the answers of long polling. */

/** The fields of a new session. */
export interface OpenedSession {
  readonly session: string;
  readonly node: string;
  readonly wait_ms: number;
  readonly grace_ms: number;
}

/** An answer: messages, and in its last line the number of the batch. */
export interface Batch extends Partial<OpenedSession> {
  readonly seq: number;
  readonly data: string;
}

/** Throws for an answer that was cut, or is not from the server. */
export function decodeAnswer(text: string): Batch {
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  // safe: the shape is checked below
  const trailer = JSON.parse(text.slice(end)) as Partial<OpenedSession> & { readonly seq?: unknown };
  if (!text.endsWith('\n') || typeof trailer?.seq !== 'number') throw new Error('cut short');
  return { ...trailer, seq: trailer.seq, data: text.slice(0, Math.max(0, end - 1)) };
}
