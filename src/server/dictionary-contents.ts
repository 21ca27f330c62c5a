/** What the dictionaries of a node have in them: what declarations tell, and then what sampled messages have in common. */

import { deflateRawSync } from 'node:zlib';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { MessageSample, MessageSamples } from '../engine/fanout/message-samples.js';
import type { Clock } from '../engine/ports/clock.js';
import type { Logger } from '../engine/ports/logger.js';
import { dictionaryWords, maxSampledLength } from './dictionary-words.js';
import { frequentPieces } from './frequent-pieces.js';

interface ContentPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly messageSamples: MessageSamples;
}

/** Every fourth message is not learned from: with these a new dictionary is compared to the one before. */
const testEvery = 4;
/** Clients have to fetch a new one, so it has to be worth it: it makes messages at most so long as the one before. */
const worthwhile = 0.95;

export class DictionaryContents {
  readonly #ports: ContentPorts;
  readonly #channels: Readonly<Record<string, ChannelDeclaration>>;
  /** By whether the clients speak JSON; the same objects until there is something new. */
  readonly #made = new Map<boolean, Buffer>();
  #sampled = '';

  constructor(ports: ContentPorts, channels: Readonly<Record<string, ChannelDeclaration>>) {
    this.#ports = ports;
    this.#channels = channels;
  }

  /** Begins with the samples when the first client asks. */
  readonly of = (subprotocol: string): Buffer => {
    const { messageSamples, log } = this.#ports;
    messageSamples.onRound ??= (samples) => {
      this.#learn(samples).catch((error: unknown) => log.error({ err: error }, 'no dictionary was made of samples'));
    };
    const isJson = subprotocol === 'centrifuge-json';
    let content = this.#made.get(isJson);
    if (content === undefined) {
      content = dictionaryWords(this.#channels, isJson, this.#sampled);
      this.#made.set(isJson, content);
    }
    return content;
  };

  async #learn(samples: readonly MessageSample[]): Promise<void> {
    const { clock, log } = this.#ports;
    const isTest = (n: number) => n % testEvery === 0;
    const lessons = samples.filter((_, n) => !isTest(n));
    const sampled = (await frequentPieces(lessons, maxSampledLength, clock)).join('');
    const tests = samples.filter((_, n) => isTest(n));
    const before = sizeWith(dictionaryWords(this.#channels, true, this.#sampled), tests);
    const after = sizeWith(dictionaryWords(this.#channels, true, sampled), tests);
    if (after > before * worthwhile) return;
    this.#sampled = sampled;
    this.#made.clear();
    const percent = Math.round((100 * after) / before);
    log.info(
      { option: 'dictionarySamples', samples: samples.length, length: sampled.length, percent },
      `clients that connect from now on get a dictionary with pieces of sampled messages, which makes such messages ${percent} % as long as the one before`,
    );
  }
}

/** Of all messages, each compressed on its own. */
function sizeWith(dictionary: Buffer, samples: readonly MessageSample[]): number {
  return samples.reduce((sum, { text }) => sum + deflateRawSync(text, { dictionary, level: 6 }).length, 0);
}
