/** Answers questions: opens a stream in the channel of the chat, and lets the model say into it. Goes on with those of others. */

import {
  convertToModelMessages,
  isStepCount,
  type LanguageModel,
  streamText,
  toUIMessageStream,
  type UIMessage,
} from 'ai';
import type { FanfareApp } from 'fanfare';
import { type ChatAnswer, messageOf, pipeChat } from 'fanfare/ai-sdk';
import type { AssistantSchemas } from './channels.js';
import { weather } from './model/weather.js';

/** What it needs of the application: `fanfare dev` has one with other channels besides. */
export type AnsweringApp = Pick<FanfareApp<AssistantSchemas, Record<never, never>>, 'open' | 'readStream'>;

export interface Question {
  readonly chatId: string;
  /** Of the stream. */
  readonly id: string;
  readonly messages: readonly UIMessage[];
}

export class Answers {
  readonly #model: LanguageModel;
  #app: AnsweringApp | undefined;

  constructor(model: LanguageModel) {
    this.#model = model;
  }

  /** The application whose procedures call it. */
  connect(app: AnsweringApp): void {
    this.#app = app;
  }

  /** Resolves when the answer has begun; it goes on by itself. */
  async begin({ chatId, id, messages }: Question): Promise<void> {
    // A page repeats what it has asked when its connection was lost.
    if ((await this.#connected.readStream(channelOf(chatId), id)) !== undefined) return;
    const answer = await this.#connected.open(channelOf(chatId), { id, meta: { message: messages.at(-1) } });
    await this.#say(answer, messages, '');
  }

  /** As another producer, which takes over in mid-sentence. */
  async takeOver(chatId: string, id: string): Promise<void> {
    const answer = await this.#connected.open(channelOf(chatId), { id });
    // Read after it was opened: the producer before it says nothing any more.
    const soFar = await this.#connected.readStream(channelOf(chatId), id);
    if (soFar === undefined) return;
    const said = await messageOf(soFar);
    const { message } = soFar.meta as { readonly message: UIMessage }; // safe: `begin` has opened it
    await this.#say(answer, said === undefined ? [message] : [message, said], soFar.text);
  }

  /** Goes on with an answer whose producer is gone, unless somebody has done so. */
  async goOn(chatId: string, id: string): Promise<void> {
    const soFar = await this.#connected.readStream(channelOf(chatId), id);
    if (soFar?.state === 'interrupted') await this.takeOver(chatId, id);
  }

  get #connected(): AnsweringApp {
    if (this.#app === undefined) throw new Error('there is no application yet');
    return this.#app;
  }

  async #say(answer: ChatAnswer, messages: readonly UIMessage[], soFar: string): Promise<void> {
    const { stream } = streamText({
      model: this.#model,
      messages: await convertToModelMessages([...messages], { ignoreIncompleteToolCalls: true }),
      tools: { weather },
      stopWhen: isStepCount(3),
      abortSignal: answer.signal,
      onError: () => undefined,
    });
    void pipeChat(answer, toUIMessageStream({ stream }), { soFar });
  }
}

function channelOf(chatId: string): `chat:${string}` {
  return `chat:${chatId}`;
}
