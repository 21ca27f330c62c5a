/**
 * Parses JSON (RFC 8259) in one pass and keeps some values as the text that they were, checked but not parsed: what is
 * only passed on costs no parsing and no encoding, and loses nothing. Takes and refuses what `JSON.parse` takes and
 * refuses, save for what nests too deeply.
 */

import { JsonScanner, JsonSyntaxFault } from './json-scanner.js';
import { type JsonShape, shapeOfElement, shapeOfMember } from './json-shape.js';
import { JsonSource } from './json-source.js';
import type { JsonText } from './json-text.js';

/** Deepest nesting of arrays and objects: deeper values overflow the stack of whoever encodes them again. */
export const maxJsonNesting = 64;

type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: 'syntax' | 'nesting' };

/** @param shape where a {@link JsonSource} is to stand in the value. Default: nowhere */
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

/** How many members all objects of a text have together; more than there are once it is parsed when one is there twice. */
export function countMembers(text: JsonText): number {
  const scanner = new JsonScanner(text);
  scanner.skipSpace();
  scanner.skipValue(Number.POSITIVE_INFINITY);
  return scanner.numMembers;
}

class JsonBuilder {
  readonly #text: string;
  readonly #scanner: JsonScanner;

  constructor(text: string) {
    this.#text = text;
    this.#scanner = new JsonScanner(text);
  }

  whole(shape: JsonShape | undefined): unknown {
    const scanner = this.#scanner;
    scanner.skipSpace();
    const value = this.#value(shape, maxJsonNesting);
    scanner.skipSpace();
    if (scanner.at < this.#text.length) scanner.fail();
    return value;
  }

  #value(shape: JsonShape | undefined, levels: number): unknown {
    if (shape === 'source') return this.#source(levels);
    switch (this.#scanner.peek()) {
      case 0x22:
        return this.#string();
      case 0x7b:
        return this.#object(shape, levels);
      case 0x5b:
        return this.#array(shape, levels);
      case 0x74:
        this.#scanner.skipWord('true');
        return true;
      case 0x66:
        this.#scanner.skipWord('false');
        return false;
      case 0x6e:
        this.#scanner.skipWord('null');
        return null;
      default:
        return this.#number();
    }
  }

  #source(levels: number): JsonSource {
    const scanner = this.#scanner;
    const start = scanner.at;
    scanner.hasLineBreak = false;
    scanner.hasLoneEscape = false;
    scanner.skipValue(levels);
    const slice = this.#slice(start, scanner.at);
    // They can only stand between tokens. Messages are lines on most wires, so they must not come through.
    const text = scanner.hasLineBreak ? slice.replace(lineBreak, ' ') : slice;
    // safe: the scanner has found one well-formed value
    return new JsonSource(text as JsonText, scanner.hasLoneEscape || !isWellFormed(text));
  }

  #string(): string {
    const scanner = this.#scanner;
    const start = scanner.at;
    const hasEscape = scanner.skipString();
    return hasEscape ? JSON.parse(this.#text.slice(start, scanner.at)) : this.#slice(start + 1, scanner.at - 1);
  }

  #number(): number {
    const scanner = this.#scanner;
    const start = scanner.at;
    scanner.skipNumber();
    return Number(this.#text.slice(start, scanner.at));
  }

  #array(shape: JsonShape | undefined, levels: number): unknown[] {
    const scanner = this.#scanner;
    const elementShape = shapeOfElement(shape);
    const elements: unknown[] = [];
    if (!scanner.open(levels, 0x5d)) return elements;
    do elements.push(this.#value(elementShape, levels - 1));
    while (scanner.goesOn(0x5d));
    return elements;
  }

  #object(shape: JsonShape | undefined, levels: number): object {
    const scanner = this.#scanner;
    const fields: Record<string, unknown> = {};
    if (!scanner.open(levels, 0x7d)) return fields;
    do {
      if (scanner.peek() !== 0x22) scanner.fail();
      const key = this.#string();
      scanner.skipColon();
      const value = this.#value(shapeOfMember(shape, key), levels - 1);
      // Assigning would set the prototype (B43).
      if (key === '__proto__') Object.defineProperty(fields, key, { value, ...ordinary });
      else fields[key] = value;
    } while (scanner.goesOn(0x7d));
    return fields;
  }

  /** A part of the text. V8 keeps the whole alive for a slice of it, so a small part of much is copied. */
  #slice(start: number, end: number): string {
    const slice = this.#text.slice(start, end);
    return 2 * slice.length + smallLength < this.#text.length ? ` ${slice}`.slice(1) : slice;
  }
}

const ordinary = { writable: true, enumerable: true, configurable: true };
const lineBreak = /[\r\n]/g;
/** What may be kept alive beside a slice. */
const smallLength = 128;

function isWellFormed(text: string): boolean {
  // safe: ECMAScript 2024 has it, and so has Node 20; the library of types here is an earlier one
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
