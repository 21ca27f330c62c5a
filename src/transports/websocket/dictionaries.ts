/** The dictionaries of the codecs, each made when the first client may ask for it. */

import { encodingOf, encodingsWith } from './codecs.js';
import type { DeflateCounts } from './deflate-framing.js';
import { Dictionary, type DictionaryForm, dictionaryFraming } from './dictionary.js';

export class Dictionaries {
  readonly #contentFor: (subprotocol: string) => Buffer;
  readonly #counts: DeflateCounts;
  readonly #made = new Map<string, DictionaryForm>();

  /** @param contentFor what the dictionary of a codec has in it, by its subprotocol */
  constructor(contentFor: (subprotocol: string) => Buffer, counts: DeflateCounts) {
    this.#contentFor = contentFor;
    this.#counts = counts;
  }

  of(subprotocol: string): DictionaryForm {
    let form = this.#made.get(subprotocol);
    if (form === undefined) {
      const dictionary = new Dictionary(this.#contentFor(subprotocol));
      const encodings = encodingsWith(dictionaryFraming(dictionary, this.#counts));
      form = { dictionary, encoding: encodingOf(subprotocol, encodings) };
      this.#made.set(subprotocol, form);
    }
    return form;
  }
}
