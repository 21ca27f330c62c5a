/** The messages of a chat as its channel has them: what each stream answers, and the answers. */

import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import type { StreamState } from '../client/streams/stream.js';
import { StreamError } from '../client/streams/stream-error.js';
import type { Streams } from '../client/streams/streams.js';
import { answerIdOf, messageIn } from './answered-message.js';
import { ChunkReader } from './chunk-reader.js';
import { unfinished } from './unfinished.js';

/** A stream so far, as a page has it, and as `app.readStream()` returns it. */
export interface AnswerSoFar {
  /** Of the stream, in its channel. */
  readonly id: string;
  /** Whether more may come of it. */
  readonly state: StreamState;
  /** The chunks so far, as the stream has them. */
  readonly text: string;
  /** What the stream was opened with; any JSON. */
  readonly meta?: unknown;
}

/**
 * The message that an answer is so far; `undefined` before it has begun. What a server gives to a model that is to go on.
 *
 * @throws StreamError `ERR_STREAM_INVALID` when it is no answer
 * @example
 * const read = await app.readStream('chat:42', id);
 * const message = read && (await messageOf(read));
 */
export async function messageOf(answer: AnswerSoFar): Promise<UIMessage | undefined> {
  const { id, state, text, meta } = answer;
  const reader = new ChunkReader(answerIdOf(meta, id));
  const chunks = reader.read(text);
  if (state === 'closed' || state === 'failed') chunks.push(...reader.end());
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const answered = messageIn(meta);
  const from = answered?.role === 'assistant' ? { message: structuredClone(answered) } : {};
  let message: UIMessage | undefined;
  // An answer that ends with an error is what it had said until then.
  for await (message of readUIMessageStream({ stream, ...from, onError() {} }));
  return message;
}

/**
 * What a chat shows, without an answer that is still being said. A message that is answered again, or edited, takes the
 * place of what it was, and of all that followed.
 */
export async function conversationOf(streams: Streams): Promise<UIMessage[]> {
  const pending = unfinished(streams).at(-1);
  const answers = [...streams.all]
    .sort((one, other) => one.number - other.number)
    .map(({ id, state, soFar: text, meta }) => ({ id, state, text, meta }));
  let messages: UIMessage[] = [];
  const put = (message: UIMessage | undefined) => {
    if (message === undefined) return;
    const at = messages.findIndex(({ id }) => id === message.id);
    messages = [...(at === -1 ? messages : messages.slice(0, at)), message];
  };
  for (const answer of answers) {
    put(messageIn(answer.meta));
    if (answer.id === pending?.id) continue;
    try {
      put(await messageOf(answer));
    } catch (error) {
      // What is no answer is not shown.
      if (!(error instanceof StreamError)) throw error;
    }
  }
  return messages;
}
