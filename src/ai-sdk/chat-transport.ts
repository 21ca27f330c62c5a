/** The transport of `useChat` over streams: messages go to the application, and answers are read from the chat's channel. */

import type { ChatTransport, UIMessage, UIMessageChunk } from 'ai';
import type { AnyApp } from '../client/app-types.js';
import type { Client } from '../client/client.js';
import { ClientError, type ClientErrorCode } from '../client/client-error.js';
import type { Stream } from '../client/streams/stream.js';
import { StreamError } from '../client/streams/stream-error.js';
import type { Streams } from '../client/streams/streams.js';
import { AnswerReader } from './answer-reader.js';
import { answerIdOf } from './answered-message.js';
import { ChatChannels } from './chat-channels.js';
import { conversationOf } from './conversation.js';
import { type FollowedChat, Follower } from './follower.js';
import { unfinished } from './unfinished.js';

/** What the application is asked to answer. */
export interface ChatRequest<Message extends UIMessage = UIMessage> {
  /** Of the chat, as `useChat` has it. */
  readonly chatId: string;
  /** Of the stream that the application is to open in the chat's channel. */
  readonly id: string;
  /** Whether the user has written, or wants another answer to the same. */
  readonly trigger: 'submit-message' | 'regenerate-message';
  /** Of the message that is edited, or answered anew. */
  readonly messageId: string | undefined;
  /** All of the chat, oldest first; the newest is what is to be answered. */
  readonly messages: readonly Message[];
  /** What `sendMessage` was given besides. */
  readonly headers: Headers | Record<string, string> | undefined;
  /** What `sendMessage` was given as its body; unchecked. */
  readonly body: object | undefined;
  /** What `sendMessage` was given as its metadata; unchecked. */
  readonly metadata: unknown;
}

/** Where a chat is, and how its questions reach the application. */
export interface ChatTransportOptions<Message extends UIMessage = UIMessage> {
  /** The channel of a chat; its rule has `streams` of text. */
  readonly channel: (chatId: string) => string;
  /**
   * Passes a request on, by a procedure or by `fetch`. Resolves when the application has taken it, and rejects when it has
   * not. Repeated, with the same id, when a call of a procedure may have been lost with its connection.
   */
  readonly send: (request: ChatRequest<Message>) => Promise<unknown>;
  /**
   * Asks the application to go on with a stream whose producer is gone. Called by each of its readers, and again until it
   * goes on. Default: nobody is asked.
   */
  readonly resume?: (interrupted: { readonly chatId: string; readonly id: string }) => Promise<unknown>;
  /**
   * How long an interrupted stream may take to go on before the chat has the error `ERR_STREAM_INTERRUPTED`.
   * Default: 15,000 milliseconds; 0: it has it at once.
   */
  readonly patienceMs?: number;
  /**
   * Whether `stop()` of the chat cancels the answer. It also runs when a component with `useChat({ transport })` is
   * unmounted, so this is for chats that are made outside of components, for `useChat({ chat })`. Default: `stop()` only
   * stops reading, and {@link FanfareChatTransport.cancel} cancels.
   */
  readonly cancelOnStop?: boolean;
}

const defaultPatienceMs = 15_000;
/** Of one request, over lost connections. */
const maxTries = 5;
/** With them a call may have been heard, or not. */
const lostCodes: readonly ClientErrorCode[] = ['ERR_CONNECTION', 'ERR_TIMEOUT'];

type SendOptions<Message extends UIMessage> = Parameters<ChatTransport<Message>['sendMessages']>[0];
type ReconnectOptions<Message extends UIMessage> = Parameters<ChatTransport<Message>['reconnectToStream']>[0];

/**
 * One for each page, or for each client: it serves any number of chats.
 *
 * @example
 * const stop = transport.follow(chat);
 * const before = await transport.messages('42');
 * await transport.cancel('42');
 * stop();
 * transport.close();
 */
export class FanfareChatTransport<Message extends UIMessage = UIMessage> implements ChatTransport<Message> {
  /** What is read again is read from its beginning. */
  readonly resumeStreamIsReplay = true;
  readonly #options: ChatTransportOptions<Message>;
  readonly #channels: ChatChannels;
  /** Requests that the application has not taken yet, by chat. */
  readonly #sending = new Map<string, Set<Promise<string>>>();
  readonly #readers = new Set<AnswerReader>();
  /** By chat; one that is followed twice has two. */
  readonly #followers = new Map<string, Set<Follower<Message>>>();

  /** Made by {@link chatTransport}. */
  constructor(client: Client, options: ChatTransportOptions<Message>) {
    this.#options = options;
    this.#channels = new ChatChannels(client, options.channel);
  }

  /**
   * Called by `useChat`. Rejects as `send` does, and as a subscription that is refused.
   *
   * @example
   * const trigger = 'submit-message';
   * const chunks = await transport.sendMessages({ chatId: '42', trigger, messageId: undefined, messages, abortSignal: undefined });
   */
  async sendMessages(options: SendOptions<Message>): Promise<ReadableStream<UIMessageChunk>> {
    const { chatId, trigger, messageId, messages, abortSignal, headers, body, metadata } = options;
    const streams = this.#channels.use(chatId);
    const id = crypto.randomUUID();
    const stream = streams.stream(id);
    try {
      const request = { chatId, id, trigger, messageId, messages, headers, body, metadata };
      const sent = this.#keepSending(chatId, this.#send(streams, stream, request));
      await unlessAborted(sent, abortSignal, () => {
        if (this.#options.cancelOnStop === true) void this.cancel(chatId);
      });
    } catch (error) {
      this.#channels.release(chatId, streams);
      throw error;
    }
    return this.#read(chatId, streams, stream, answerIdOf(messages.at(-1), id), abortSignal);
  }

  /**
   * Called by `useChat({ resume: true })`: the newest answer of the chat, if it has not ended. Rejects as a subscription that is refused.
   *
   * @example const chunks = await transport.reconnectToStream({ chatId: '42' });
   */
  async reconnectToStream(options: ReconnectOptions<Message>): Promise<ReadableStream<UIMessageChunk> | null> {
    const { chatId, abortSignal } = options;
    const streams = this.#channels.use(chatId);
    try {
      await unlessAborted(streams.loaded(), abortSignal);
      const stream = unfinished(streams).at(-1);
      if (stream !== undefined) {
        return this.#read(chatId, streams, stream, answerIdOf(stream.meta, stream.id), abortSignal);
      }
    } catch (error) {
      this.#channels.release(chatId, streams);
      throw error;
    }
    this.#channels.release(chatId, streams);
    return null;
  }

  /**
   * Stops the answers of a chat, for all of its readers: what a button to stop calls. Resolves when their producers are told;
   * what they have said stays. Rejects as a call of a procedure does.
   */
  async cancel(chatId: string): Promise<void> {
    const streams = this.#channels.use(chatId);
    try {
      const sent = await Promise.allSettled(this.#sending.get(chatId) ?? []);
      await streams.loaded();
      const ids = new Set(unfinished(streams).map(({ id }) => id));
      for (const each of sent) if (each.status === 'fulfilled') ids.add(each.value);
      await Promise.all([...ids].map((id) => cancelIfOpen(streams.stream(id))));
    } finally {
      this.#channels.release(chatId, streams);
    }
  }

  /**
   * The messages of a chat that its channel keeps, without an answer that is still being said: `resumeStream()` of the chat
   * has that. Its streams are opened with `meta: { message }`, what they answer. Rejects as a subscription that is refused.
   */
  async messages(chatId: string): Promise<Message[]> {
    const streams = this.#channels.use(chatId);
    try {
      await streams.loaded();
      // safe: the messages of the application, as the SDK has made them
      return (await conversationOf(streams)) as Message[];
    } finally {
      this.#channels.release(chatId, streams);
    }
  }

  /**
   * Makes a chat what its channel has, and keeps it so: what was asked and answered before, here and on other devices, and what
   * is asked there from now on. For chats whose streams are opened with `meta: { message }`, what they answer.
   *
   * @returns a function that ends it
   * @example useEffect(() => transport.follow(chat), [chat]);
   */
  follow(chat: FollowedChat<Message>): () => void {
    const streams = this.#channels.use(chat.id);
    const follower = new Follower(chat, streams);
    const all = this.#followers.get(chat.id) ?? new Set();
    this.#followers.set(chat.id, all.add(follower));
    return () => {
      follower.end();
      if (!all.delete(follower)) return;
      if (all.size === 0) this.#followers.delete(chat.id);
      this.#channels.release(chat.id, streams);
    };
  }

  /** Ends its use of the channels; readers of answers get an `ERR_STREAM_CLOSED`. */
  close(): void {
    for (const reader of this.#readers) reader.fail(new StreamError('ERR_STREAM_CLOSED', 'the transport is closed'));
    this.#channels.close();
  }

  #read(
    chatId: string,
    streams: Streams,
    stream: Stream,
    messageId: string,
    signal: AbortSignal | undefined,
  ): ReadableStream<UIMessageChunk> {
    const { resume, patienceMs = defaultPatienceMs, cancelOnStop = false } = this.#options;
    const cancel = () => void cancelIfOpen(stream).catch(() => undefined);
    if (cancelOnStop) signal?.addEventListener('abort', cancel);
    for (const follower of this.#followers.get(chatId) ?? []) follower.sees(stream);
    let reader: AnswerReader | undefined;
    const stopListening = streams.channel.on('unsubscribed', ({ error, reason }) => {
      reader?.fail(error ?? new StreamError('ERR_STREAM_CLOSED', `"${streams.name}" is not read any more: ${reason}`));
    });
    reader = new AnswerReader({
      stream,
      messageId,
      signal,
      patienceMs,
      onInterrupted: resume && (() => resume({ chatId, id: stream.id })),
      onEnd: () => {
        if (cancelOnStop) signal?.removeEventListener('abort', cancel);
        stopListening();
        if (reader !== undefined) this.#readers.delete(reader);
        this.#channels.release(chatId, streams);
      },
    });
    // One that has ended already is over.
    if (!reader.isOver) this.#readers.add(reader);
    return reader.chunks;
  }

  #keepSending(chatId: string, sent: Promise<string>): Promise<string> {
    const all = this.#sending.get(chatId) ?? new Set();
    this.#sending.set(chatId, all.add(sent));
    const forget = () => {
      all.delete(sent);
      if (all.size === 0) this.#sending.delete(chatId);
    };
    sent.then(forget, forget);
    return sent;
  }

  /** A call that was lost may have been heard: then the stream is there. */
  async #send(streams: Streams, stream: Stream, request: ChatRequest<Message>): Promise<string> {
    await streams.channel.ready();
    for (let tries = 1; ; tries++) {
      try {
        await this.#options.send(request);
        return request.id;
      } catch (error) {
        const isLost = error instanceof ClientError && lostCodes.includes(error.code);
        if (!isLost || tries === maxTries) throw error;
        await streams.loaded();
        if (stream.state !== 'unknown') return request.id;
      }
    }
  }
}

/** One that has just ended needs it no more. */
async function cancelIfOpen(stream: Stream): Promise<void> {
  try {
    await stream.cancel();
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'ERR_EXPIRED')) throw error;
  }
}

/** Rejects with the reason of the signal as soon as it is aborted. */
async function unlessAborted(
  done: Promise<unknown>,
  signal: AbortSignal | undefined,
  onAbort: () => void = () => {},
): Promise<void> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => {
      onAbort();
      reject(signal?.reason);
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    stop = () => signal?.removeEventListener('abort', abort);
  });
  try {
    await Promise.race([done, aborted]);
  } finally {
    stop();
  }
}

/**
 * A transport for `useChat` of the AI SDK.
 *
 * @example
 * const transport = chatTransport(client, {
 *   channel: (chatId) => `chat:${chatId}`,
 *   send: ({ chatId, id, messages }) => client.rpc('ask', { chatId, id, messages }),
 * });
 * const { messages, sendMessage } = useChat({ id, transport, resume: true });
 */
export function chatTransport<App extends AnyApp, Message extends UIMessage = UIMessage>(
  client: Client<App>,
  options: ChatTransportOptions<Message>,
): FanfareChatTransport<Message> {
  // safe: which channels and procedures it has is for the options to know
  return new FanfareChatTransport<Message>(client as unknown as Client, options);
}
