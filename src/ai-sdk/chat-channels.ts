/** The channels of the chats of a page: subscribed while one is read, and that of the last chat until another takes its place. */

import type { Client } from '../client/client.js';
import { type Streams, streams } from '../client/streams/streams.js';

interface Open {
  readonly streams: Streams;
  numUses: number;
}

export class ChatChannels {
  readonly #client: Client;
  readonly #channelOf: (chatId: string) => string;
  readonly #open = new Map<string, Open>();
  #last: string | undefined;

  constructor(client: Client, channelOf: (chatId: string) => string) {
    this.#client = client;
    this.#channelOf = channelOf;
  }

  /** Each call is followed by one of {@link release}. */
  use(chatId: string): Streams {
    let open = this.#open.get(chatId);
    // One that the server has ended is begun anew.
    if (open?.streams.channel.state === 'unsubscribed') this.#close(chatId, open);
    open = this.#open.get(chatId);
    if (open === undefined) {
      const name: string = this.#channelOf(chatId);
      open = { streams: streams(this.#client, name), numUses: 0 };
      this.#open.set(chatId, open);
    }
    open.numUses++;
    const last = this.#last;
    this.#last = chatId;
    if (last !== undefined && last !== chatId) this.#closeIfUnused(last);
    return open.streams;
  }

  release(chatId: string, used: Streams): void {
    const open = this.#open.get(chatId);
    if (open?.streams !== used) return;
    open.numUses--;
    if (chatId !== this.#last) this.#closeIfUnused(chatId);
  }

  close(): void {
    for (const [chatId, open] of this.#open) this.#close(chatId, open);
  }

  #closeIfUnused(chatId: string): void {
    const open = this.#open.get(chatId);
    if (open?.numUses === 0) this.#close(chatId, open);
  }

  #close(chatId: string, { streams }: Open): void {
    this.#open.delete(chatId);
    streams.close();
  }
}
