/** The streams of one channel: those that there are, and those that begin. */

import { streamProcedure } from '../../model/stream-call.js';
import type { AnyApp, DataOf, InputOf, KnownChannel } from '../app-types.js';
import type { Channel } from '../channel.js';
import type { Client } from '../client.js';
import { Listeners } from '../listeners.js';
import { type ReceivedPart, readPart } from './received-part.js';
import { Stream } from './stream.js';
import { type OpenOptions, StreamWriter } from './stream-writer.js';

interface StreamsEvents<Item> {
  /** A stream has come that was not there before. */
  stream: Stream<Item>;
  /** What was missed could not be loaded; it is tried again with the next part. */
  error: unknown;
}

/** Most streams that are asked for when something is missing. */
const mostLoaded = 1_000;

/**
 * Reads a channel whose rule has `streams`.
 *
 * @example
 * const chat = streams(client, 'chat:42');
 * chat.on('stream', (stream) => show(stream.id));
 * await chat.loaded();
 * const writer = await chat.open({ id: 'answer-7' });
 * const answer = chat.stream('answer-7');
 * chat.close();
 */
export class Streams<Item = unknown, Input = Item> {
  /** Of the channel. */
  readonly name: string;
  /** Its subscription: states and events as of any channel. */
  readonly channel: Channel<unknown>;
  readonly #client: Client;
  readonly #listeners = new Listeners<StreamsEvents<Item>>();
  readonly #byId = new Map<string, Stream<Item>>();
  /** In the present epoch. */
  readonly #byNumber = new Map<number, Stream<Item>>();
  /** Streams that were open and have not been heard of since the position was lost. */
  #doubtful: Set<Stream<Item>> | undefined;
  #loading: Promise<void> | undefined;
  readonly #stop: readonly (() => void)[];

  /** Made by {@link streams}. */
  constructor(client: Client, channel: Channel<unknown>) {
    this.#client = client;
    this.channel = channel;
    this.name = channel.name;
    this.#stop = [
      channel.on('message', ({ data }) => this.#take(data)),
      channel.on('subscribed', ({ recovered }) => {
        if (!recovered) this.#beginAnew();
      }),
      channel.on('unsubscribed', ({ error }) => this.#end(error)),
    ];
    // Somebody else has it open: what came with the subscription has been.
    if (channel.state === 'subscribed') void this.#load();
  }

  /** Those that have come, in no particular order. */
  get all(): readonly Stream<Item>[] {
    return [...this.#byId.values()].filter(({ state }) => state !== 'unknown');
  }

  /** A stream by its id, also before anything of it has come: the same object for each call. */
  stream(id: string): Stream<Item> {
    let stream = this.#byId.get(id);
    if (stream === undefined) {
      stream = new Stream<Item>(id, async () => {
        await this.#call({ op: 'cancel', id });
      });
      this.#byId.set(id, stream);
    }
    return stream;
  }

  /**
   * Adds a listener.
   *
   * @returns a function that stops listening
   */
  on<Event extends keyof StreamsEvents<Item>>(
    event: Event,
    listener: (payload: StreamsEvents<Item>[Event]) => void,
  ): () => void {
    return this.#listeners.add(event, listener);
  }

  /**
   * Opens a stream, where the rule of the channel lets this client publish, or goes on with one that has not ended. Throws
   * as a call of a procedure.
   */
  open(options: OpenOptions = {}): Promise<StreamWriter<Input>> {
    return StreamWriter.open<Input>((call) => this.#call(call), options);
  }

  /**
   * Resolves when all streams that the channel keeps have come, for example to find that there are none. Throws as
   * `channel.history()`.
   */
  async loaded(): Promise<void> {
    const { messages } = await this.channel.history({ limit: 1, reverse: true });
    const newest = messages[0] && readPart(messages[0].data);
    // More than one reply takes may still be on its way.
    const isThere = newest?.id === undefined || this.#byNumber.has(newest.number);
    await (isThere ? this.#loading : this.#load());
  }

  /** Ends its use of the channel, and all of its streams. */
  close(): void {
    for (const stop of this.#stop) stop();
    this.#end();
    this.#listeners.clear();
    this.channel.close();
  }

  #call(call: object): Promise<unknown> {
    // safe: an application that knows its procedures does not list this one
    const client = this.#client as unknown as { rpc(name: string, argument: unknown): Promise<unknown> };
    return client.rpc(streamProcedure, { ...call, channel: this.name });
  }

  #take(data: unknown): void {
    const part = readPart(data);
    if (part === undefined) return;
    if (part.id !== undefined) this.#takeWhole(part, part.id);
    else if (this.#byNumber.get(part.number)?.take(part) !== true) void this.#load();
  }

  #takeWhole(part: ReceivedPart, id: string): void {
    const stream = this.stream(id);
    const isNew = stream.state === 'unknown';
    this.#doubtful?.delete(stream);
    if (stream.number !== part.number) this.#byNumber.delete(stream.number);
    this.#byNumber.set(part.number, stream);
    stream.take(part);
    if (isNew) this.#listeners.emit('stream', stream);
  }

  /** What comes in this turn is all that there is, unless it was too much for one answer. */
  #beginAnew(): void {
    this.#byNumber.clear();
    const doubtful = new Set(this.all.filter(({ state }) => state === 'open'));
    this.#doubtful = doubtful;
    queueMicrotask(() => {
      if (doubtful.size > 0 && this.#doubtful === doubtful) void this.#load();
    });
  }

  /** Loads what there is, once at a time. */
  #load(): Promise<void> {
    this.#loading ??= this.#loadNow().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadNow(): Promise<void> {
    const doubtful = this.#doubtful;
    try {
      const { messages } = await this.channel.history({ limit: mostLoaded });
      for (const { data } of messages) {
        const part = readPart(data);
        if (part?.id !== undefined) this.#takeWhole(part, part.id);
      }
      for (const stream of doubtful ?? []) stream.lose();
      doubtful?.clear();
    } catch (error) {
      this.#listeners.emit('error', error);
    }
  }

  #end(error?: unknown): void {
    for (const stream of this.#byId.values()) stream.end(error);
    this.#byId.clear();
    this.#byNumber.clear();
  }
}

/**
 * The streams of a channel, which subscribes. Its `close()` ends this use of the channel.
 *
 * @example
 * const chat = streams(client, 'chat:42');
 * for await (const part of chat.stream('answer-7')) show(part);
 */
export function streams<App extends AnyApp, const Name extends string>(
  client: Client<App>,
  name: KnownChannel<App, Name>,
): Streams<DataOf<App, Name>, InputOf<App, Name>> {
  // safe: the server sends the envelope of streams here, whatever the type of their items is
  const untyped = client as unknown as Client;
  const known: string = name;
  return new Streams<DataOf<App, Name>, InputOf<App, Name>>(untyped, untyped.channel(known));
}
