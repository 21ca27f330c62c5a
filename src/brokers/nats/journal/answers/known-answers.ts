/** Answers of channels as this node knows them, so that a change mostly needs no request before it. */

import type { ChannelName } from '../../../../model/channel-name.js';
import type { ChannelAnswers } from './channel-answers.js';

/** Of all channels. The one that was used last is known in any case. */
const maxChars = 67_108_864;

/** May be outdated: an entry is refused if another one was stored after the last that is known. */
export class KnownAnswers {
  /** In the order of their last use, with the characters that each takes. */
  readonly #known = new Map<ChannelName, { readonly answers: ChannelAnswers; chars: number }>();
  #chars = 0;

  get(channel: ChannelName): ChannelAnswers | undefined {
    return this.#known.get(channel)?.answers;
  }

  /** Of a channel that is not known, or of one that has changed. */
  learn(channel: ChannelName, answers: ChannelAnswers): void {
    this.forget(channel);
    this.#known.set(channel, { answers, chars: answers.chars });
    this.#chars += answers.chars;
    for (const oldest of this.#known.keys()) {
      if (this.#chars <= maxChars || oldest === channel) return;
      this.forget(oldest);
    }
  }

  forget(channel: ChannelName): void {
    const known = this.#known.get(channel);
    if (known === undefined) return;
    this.#known.delete(channel);
    this.#chars -= known.chars;
  }

  clear(): void {
    this.#known.clear();
    this.#chars = 0;
  }
}
