/** Whether a schema has left a message unchanged, so that its text can be published as it is. */

import { countMembers } from '../../model/json-parse.js';
import { fromJsonText, type JsonText } from '../../model/json-text.js';

/**
 * Compares with the text and not with the schema's input, which the schema may have modified. False for duplicate
 * members: the schema has seen one, and a reader may use the other.
 */
export function isUnchanged(text: JsonText, output: unknown): boolean {
  const comparison = new Comparison();
  return comparison.isSame(fromJsonText(text), output) && comparison.numMembers === countMembers(text);
}

class Comparison {
  /** Of all objects so far. */
  numMembers = 0;

  /** @param plain parsed JSON */
  isSame(plain: unknown, output: unknown): boolean {
    if (typeof plain !== 'object' || plain === null) return Object.is(plain, output);
    if (typeof output !== 'object' || output === null) return false;
    if (Array.isArray(plain)) return Array.isArray(output) && this.#isSameList(plain, output);
    const prototype: unknown = Object.getPrototypeOf(output);
    // An object of a class may be encoded differently from its members.
    return (prototype === Object.prototype || prototype === null) && this.#isSameRecord(plain, output);
  }

  #isSameList(plain: readonly unknown[], output: readonly unknown[]): boolean {
    return plain.length === output.length && plain.every((element, i) => this.isSame(element, output[i]));
  }

  #isSameRecord(plain: object, output: object): boolean {
    const members = Object.entries(plain);
    this.numMembers += members.length;
    // safe: only own members are looked up
    const record = output as Readonly<Record<string, unknown>>;
    return (
      members.length === Object.keys(output).length &&
      members.every(([key, member]) => Object.hasOwn(output, key) && this.isSame(member, record[key]))
    );
  }
}
