/** The dictionaries of the codecs, each made when the first client may ask for it, and anew when there is a better one. */

import { encodingOf, encodingsWith } from './codecs.js';
import type { DeflateCounts } from './deflate-framing.js';
import { Dictionary, type DictionaryForm, dictionaryFraming } from './dictionary.js';

/** Of a codec, for clients that come back; connections keep the one that they have. */
const maxKept = 4;

export class Dictionaries {
  readonly #contentFor: (subprotocol: string) => Buffer;
  readonly #counts: DeflateCounts;
  /** By subprotocol, the newest first. */
  readonly #made = new Map<string, readonly [newest: DictionaryForm, ...older: DictionaryForm[]]>();

  /**
   * @param contentFor what the dictionary of a codec has in it, by its subprotocol: the same object until there is a
   *   better one
   */
  constructor(contentFor: (subprotocol: string) => Buffer, counts: DeflateCounts) {
    this.#contentFor = contentFor;
    this.#counts = counts;
  }

  /** @param held the id of the one that the client has: it keeps that as long as it is known here */
  of(subprotocol: string, held: string): DictionaryForm {
    const [newest, ...older] = this.#upToDate(subprotocol);
    return older.find(({ dictionary }) => dictionary.id === held) ?? newest;
  }

  #upToDate(subprotocol: string): readonly [newest: DictionaryForm, ...older: DictionaryForm[]] {
    const content = this.#contentFor(subprotocol);
    const known = this.#made.get(subprotocol);
    if (known?.[0].dictionary.content === content) return known;
    const dictionary = new Dictionary(content);
    const encodings = encodingsWith(dictionaryFraming(dictionary, this.#counts));
    const form = { dictionary, encoding: encodingOf(subprotocol, encodings) };
    const made = [form, ...(known ?? []).slice(0, maxKept - 1)] as const;
    this.#made.set(subprotocol, made);
    return made;
  }
}
