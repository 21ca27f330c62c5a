/** The message that an answer answers, as its producer tells the readers: in what the stream is opened with. */

import type { UIMessage } from 'ai';

/** @param meta of a stream, `{ message }`, or the message itself */
export function messageIn(meta: unknown): UIMessage | undefined {
  if (typeof meta !== 'object' || meta === null) return undefined;
  if ('message' in meta) return messageIn(meta.message);
  const isMessage = 'id' in meta && 'role' in meta && 'parts' in meta && Array.isArray(meta.parts);
  // safe: its producer, the application's server, has it from the SDK
  return isMessage ? (meta as UIMessage) : undefined;
}

/**
 * The id of the message that an answer becomes, where its producer gives it none: that of the stream, the same for all of its
 * readers. What answers an assistant's message, such as results of tools, goes on with that message.
 */
export function answerIdOf(meta: unknown, streamId: string): string {
  const message = messageIn(meta);
  return message?.role === 'assistant' ? message.id : streamId;
}
