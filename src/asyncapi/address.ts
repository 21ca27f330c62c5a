/** Converts patterns of channel names to AsyncAPI addresses, and makes ids for a document. */

import type { SpecParameter } from './document.js';

export interface Address {
  /** The pattern, with `{x}` in place of `{x*}`. */
  readonly address: string;
  readonly parameters: Readonly<Record<string, SpecParameter>>;
}

/** @param pattern a valid one: its braces are those of placeholders */
export function addressOf(pattern: string): Address {
  const parameters: Record<string, SpecParameter> = {};
  const address = pattern.replace(/\{(\w+)(\*?)\}/g, (_, name: string, star: string) => {
    parameters[name] =
      star === '*'
        ? { description: 'All that is left of the name, colons included; not empty.', 'x-fanfare-rest': true }
        : { description: 'One segment of the name: no colon in it, not empty.' };
    return `{${name}}`;
  });
  return { address, parameters };
}

/** Makes ids of ASCII letters, digits and underscores, each once: `chat_room` of `chat:{room}`. */
export class Ids {
  readonly #taken = new Set<string>();

  of(text: string): string {
    const plain = text.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '') || 'unnamed';
    let id = plain;
    for (let count = 2; this.#taken.has(id); count++) id = `${plain}_${count}`;
    this.#taken.add(id);
    return id;
  }
}
