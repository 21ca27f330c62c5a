/**
 * Parses JSON (RFC 8259) in one pass and keeps some values as their text, checked but not parsed: forwarded values cost
 * no parsing and no encoding, and lose nothing. Accepts what `JSON.parse` accepts, except for values that nest too
 * deeply.
 */

import { JsonScanner, JsonSyntaxFault } from './json-scanner.js';
import { type JsonShape, shapeOfElement, shapeOfMember } from './json-shape.js';
import { JsonSource } from './json-source.js';
import type { JsonText } from './json-text.js';

/** Deepest nesting of arrays and objects; deeper values could overflow the stack of an encoder. */
export const maxJsonNesting = 64;

type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: 'syntax' | 'nesting' };

/** @param shape which values become a {@link JsonSource}. Default: none */
export function parseJson(text: string, shape?: JsonShape): ParsedJson {
  const builder = new JsonBuilder(text);
  try {
    return { ok: true, value: builder.whole(shape) };
  } catch (fault) {
    if (fault instanceof JsonSyntaxFault) return { ok: false, fault: fault.kind };
    throw fault;
  }
}

/** One value with its text unchanged, or `undefined` when it is not JSON or nests too deeply. */
export function parseSource(text: string): JsonSource | undefined {
  const parsed = parseJson(text, 'source');
  // safe: the shape says that the whole is a source
  return parsed.ok ? (parsed.value as JsonSource) : undefined;
}

/** The number of members of all objects of a text; with duplicate members, more than after parsing. */
export function countMembers(text: JsonText): number {
  const scanner = new JsonScanner(text);
  scanner.skipSpace();
  scanner.skipValue(Number.POSITIVE_INFINITY);
  return scanner.numMembers;
}

class JsonBuilder extends JsonScanner {
  whole(shape: JsonShape | undefined): unknown {
    this.skipSpace();
    const value = this.#value(shape, maxJsonNesting);
    this.skipSpace();
    if (this.at < this.text.length) this.fail();
    return value;
  }

  #value(shape: JsonShape | undefined, levels: number): unknown {
    if (shape === 'source') return this.#source(levels);
    switch (this.peek()) {
      case 0x22:
        return this.#string();
      case 0x7b:
        return this.#object(shape, levels);
      case 0x5b:
        return this.#array(shape, levels);
      case 0x74:
        this.skipWord('true');
        return true;
      case 0x66:
        this.skipWord('false');
        return false;
      case 0x6e:
        this.skipWord('null');
        return null;
      default:
        return this.#number();
    }
  }

  #source(levels: number): JsonSource {
    const start = this.at;
    this.hasLineBreak = false;
    this.hasLoneEscape = false;
    this.skipValue(levels);
    const slice = this.#slice(start, this.at);
    // Line breaks can only be between tokens. They are replaced, since messages are lines on most transports.
    const text = this.hasLineBreak ? slice.replace(lineBreak, ' ') : slice;
    // safe: the scanner has found one well-formed value
    return new JsonSource(text as JsonText, this.hasLoneEscape || !isWellFormed(text));
  }

  #string(): string {
    const start = this.at;
    const hasEscape = this.skipString();
    return hasEscape ? JSON.parse(this.text.slice(start, this.at)) : this.#slice(start + 1, this.at - 1);
  }

  #number(): number {
    const start = this.at;
    this.skipNumber();
    return Number(this.text.slice(start, this.at));
  }

  #array(shape: JsonShape | undefined, levels: number): unknown[] {
    const elementShape = shapeOfElement(shape);
    const elements: unknown[] = [];
    if (!this.open(levels, 0x5d)) return elements;
    do elements.push(this.#value(elementShape, levels - 1));
    while (this.goesOn(0x5d));
    return elements;
  }

  #object(shape: JsonShape | undefined, levels: number): object {
    const fields: Record<string, unknown> = {};
    if (!this.open(levels, 0x7d)) return fields;
    do {
      if (this.peek() !== 0x22) this.fail();
      const key = this.#string();
      this.skipColon();
      const value = this.#value(shapeOfMember(shape, key), levels - 1);
      // Assigning would set the prototype (B43).
      if (key === '__proto__') Object.defineProperty(fields, key, { value, ...ordinary });
      else fields[key] = value;
    } while (this.goesOn(0x7d));
    return fields;
  }

  /** A part of the text. V8 keeps the whole string alive for a slice, so a small part of a large text is copied. */
  #slice(start: number, end: number): string {
    const slice = this.text.slice(start, end);
    return 2 * slice.length + smallLength < this.text.length ? ` ${slice}`.slice(1) : slice;
  }
}

const ordinary = { writable: true, enumerable: true, configurable: true };
const lineBreak = /[\r\n]/g;
/** How much may be kept alive besides a slice. */
const smallLength = 128;

function isWellFormed(text: string): boolean {
  // safe: Node 20 has it (ECMAScript 2024); the configured type library is older
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
