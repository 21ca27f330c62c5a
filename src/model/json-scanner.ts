/** Scans JSON text, token by token, and stops at the first invalid one (RFC 8259). Creates no values. */

/** The text is not valid JSON. */
export class JsonSyntaxFault extends Error {
  constructor(readonly kind: 'syntax' | 'nesting') {
    super(kind);
  }
}

/** Characters of a string that are checked one by one; the end of a longer one is found by search. */
const shortString = 32;
/** All characters below the space. */
const control = /[^ -\uffff]/;

export class JsonScanner {
  readonly #length: number;
  /** Index of the next character. */
  at = 0;
  /** A line break was passed between two tokens. */
  hasLineBreak = false;
  /** An escape of a lone surrogate was passed. */
  hasLoneEscape = false;
  /** Members of all objects so far. */
  numMembers = 0;
  /** Where the next backslash is, as far as it has been searched for. */
  #backslashAt = -1;

  constructor(protected readonly text: string) {
    this.#length = text.length;
  }

  fail(kind: 'syntax' | 'nesting' = 'syntax'): never {
    throw new JsonSyntaxFault(kind);
  }

  /** The next character; 0, which begins nothing, at the end. */
  peek(): number {
    return this.at < this.#length ? this.text.charCodeAt(this.at) : 0;
  }

  skipSpace(): void {
    const text = this.text;
    const length = this.#length;
    let i = this.at;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x20) break;
      if (code === 0x0a || code === 0x0d) this.hasLineBreak = true;
      else if (code !== 0x20 && code !== 0x09) break;
    }
    this.at = i;
  }

  skipValue(levels: number): void {
    switch (this.peek()) {
      case 0x22:
        this.skipString();
        return;
      case 0x7b:
        this.#skipObject(levels);
        return;
      case 0x5b:
        this.#skipArray(levels);
        return;
      case 0x74:
        this.skipWord('true');
        return;
      case 0x66:
        this.skipWord('false');
        return;
      case 0x6e:
        this.skipWord('null');
        return;
      default:
        this.skipNumber();
    }
  }

  /** Enters an array or object. False if it is empty. */
  open(levels: number, closing: number): boolean {
    if (levels === 0) this.fail('nesting');
    this.at++;
    this.skipSpace();
    if (this.peek() !== closing) return true;
    this.at++;
    return false;
  }

  /** After an element or member: whether another one follows. */
  goesOn(closing: number): boolean {
    this.skipSpace();
    const code = this.peek();
    if (code !== closing && code !== 0x2c) this.fail();
    this.at++;
    if (code === closing) return false;
    this.skipSpace();
    return true;
  }

  skipColon(): void {
    this.numMembers++;
    this.skipSpace();
    if (this.peek() !== 0x3a) this.fail();
    this.at++;
    this.skipSpace();
  }

  skipWord(word: string): void {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
  }

  /** From the opening quote on. Returns whether there are escapes in it. */
  skipString(): boolean {
    const text = this.text;
    const shortEnd = Math.min(this.#length, this.at + shortString);
    let hasEscape = false;
    let i = this.at + 1;
    while (i < shortEnd) {
      const code = text.charCodeAt(i);
      if (code === 0x22) {
        this.at = i + 1;
        return hasEscape;
      }
      if (code < 0x20) this.fail();
      if (code === 0x5c) {
        hasEscape = true;
        i = this.#endOfEscape(i);
      } else i++;
    }
    return this.#skipLongString(i) || hasEscape;
  }

  skipNumber(): void {
    const text = this.text;
    let i = this.at;
    if (text.charCodeAt(i) === 0x2d) i++;
    if (text.charCodeAt(i) === 0x30) i++;
    else i = this.#endOfDigits(i);
    if (text.charCodeAt(i) === 0x2e) i = this.#endOfDigits(i + 1);
    // In lower case.
    if ((text.charCodeAt(i) | 0x20) === 0x65) {
      i++;
      const sign = text.charCodeAt(i);
      i = this.#endOfDigits(sign === 0x2b || sign === 0x2d ? i + 1 : i);
    }
    this.at = i;
  }

  #skipArray(levels: number): void {
    if (!this.open(levels, 0x5d)) return;
    do this.skipValue(levels - 1);
    while (this.goesOn(0x5d));
  }

  #skipObject(levels: number): void {
    if (!this.open(levels, 0x7d)) return;
    do {
      if (this.peek() !== 0x22) this.fail();
      this.skipString();
      this.skipColon();
      this.skipValue(levels - 1);
    } while (this.goesOn(0x7d));
  }

  /** Finds the quote, and the backslashes before it, by searches that are faster than checking every character. */
  #skipLongString(start: number): boolean {
    const text = this.text;
    let hasEscape = false;
    let i = start;
    let quote = -1;
    for (;;) {
      if (quote < i) quote = text.indexOf('"', i);
      if (quote === -1) this.fail();
      if (this.#backslashAt < i) {
        const found = text.indexOf('\\', i);
        this.#backslashAt = found === -1 ? this.#length : found;
      }
      const end = Math.min(quote, this.#backslashAt);
      if (control.test(text.slice(i, end))) this.fail();
      if (end === quote) {
        this.at = quote + 1;
        return hasEscape;
      }
      hasEscape = true;
      i = this.#endOfEscape(end);
    }
  }

  /** @param start at the backslash */
  #endOfEscape(start: number): number {
    switch (this.text.charCodeAt(start + 1)) {
      case 0x75:
        return this.#endOfUnicodeEscape(start);
      case 0x22:
      case 0x5c:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return start + 2;
      default:
        return this.fail();
    }
  }

  #endOfUnicodeEscape(start: number): number {
    const unit = this.#hexUnit(start + 2);
    if (unit < 0) this.fail();
    if (unit < 0xd800 || unit > 0xdfff) return start + 6;
    const text = this.text;
    const isPair =
      unit < 0xdc00 &&
      text.charCodeAt(start + 6) === 0x5c &&
      text.charCodeAt(start + 7) === 0x75 &&
      (this.#hexUnit(start + 8) & 0xfc00) === 0xdc00;
    if (isPair) return start + 12;
    this.hasLoneEscape = true;
    return start + 6;
  }

  /** The number in four hexadecimal digits; negative if they are invalid. */
  #hexUnit(start: number): number {
    let unit = 0;
    for (let i = start; i < start + 4; i++) {
      const code = this.text.charCodeAt(i);
      const lower = code | 0x20;
      if (code >= 0x30 && code <= 0x39) unit = unit * 16 + code - 0x30;
      else if (lower >= 0x61 && lower <= 0x66) unit = unit * 16 + lower - 0x57;
      else return -1;
    }
    return unit;
  }

  /** The index after at least one digit. */
  #endOfDigits(start: number): number {
    const text = this.text;
    let i = start;
    while (i < this.#length) {
      const code = text.charCodeAt(i);
      if (code < 0x30 || code > 0x39) break;
      i++;
    }
    if (i === start) this.fail();
    return i;
  }
}
