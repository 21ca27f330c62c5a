/** Keeps a chat as its channel is: what others ask and are answered comes in, also what came before. */

import type { ChatStatus, UIMessage } from 'ai';
import type { Stream } from '../client/streams/stream.js';
import type { Streams } from '../client/streams/streams.js';
import { conversationOf } from './conversation.js';
import { unfinished } from './unfinished.js';

/** A `Chat` of the AI SDK. */
export interface FollowedChat<Message extends UIMessage = UIMessage> {
  /** Of the chat. */
  readonly id: string;
  /** Whether an answer is awaited or being read. */
  readonly status: ChatStatus;
  /** All of the chat, oldest first; replaced when another device has asked. */
  messages: Message[];
  /** Reads the newest answer that has not ended. Rejects as the transport does. */
  resumeStream(): Promise<void>;
}

/** How often a chat that is reading something is looked at, while there is something else for it. */
const busyMs = 100;

export class Follower<Message extends UIMessage> {
  readonly #chat: FollowedChat<Message>;
  readonly #streams: Streams;
  /** Streams that are in the chat, or are being read into it. */
  readonly #seen = new WeakSet<Stream>();
  readonly #stop: () => void;
  #later: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;
  #isOver = false;

  constructor(chat: FollowedChat<Message>, streams: Streams) {
    this.#chat = chat;
    this.#streams = streams;
    this.#stop = streams.on('stream', () => void this.#look());
    void this.#look();
  }

  /** The chat reads it by itself. */
  sees(stream: Stream): void {
    this.#seen.add(stream);
  }

  end(): void {
    this.#isOver = true;
    this.#stop();
    clearTimeout(this.#later);
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isOver) return;
    this.#isLooking = true;
    try {
      await this.#streams.loaded();
      while (this.#hasNews() && !this.#isBusy()) await this.#takeAll();
    } catch {
      // It fails as reading does, which the chat tells.
      if (!this.#isOver) await this.#chat.resumeStream();
    }
    this.#isLooking = false;
    clearTimeout(this.#later);
    if (this.#hasNews()) this.#later = setTimeout(() => void this.#look(), busyMs);
  }

  #hasNews(): boolean {
    return !this.#isOver && this.#streams.all.some((stream) => !this.#seen.has(stream));
  }

  #isBusy(): boolean {
    return this.#chat.status === 'submitted' || this.#chat.status === 'streaming';
  }

  async #takeAll(): Promise<void> {
    const { all } = this.#streams;
    const pending = unfinished(this.#streams).at(-1);
    const messages = await conversationOf(this.#streams);
    // Something was asked meanwhile: it is looked at again when that has been answered.
    if (this.#isBusy() || this.#isOver) return;
    for (const stream of all) if (stream !== pending) this.#seen.add(stream);
    // safe: the messages of the application, as the SDK has made them
    this.#chat.messages = messages as Message[];
    if (pending === undefined) return;
    await this.#chat.resumeStream();
    // One that has ended before it was read is taken with the others; one that cannot be read is left to the chat.
    if (pending.state === 'open' || pending.state === 'interrupted') this.#seen.add(pending);
  }
}
