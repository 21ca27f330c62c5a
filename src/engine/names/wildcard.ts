/** Texts with `*`, as capabilities have them. Linear: the leftmost fit of each part is enough. */

export class Wildcard {
  readonly #parts: readonly string[];

  /** `*` stands for any characters, none too; everything else for itself. */
  constructor(
    readonly text: string,
    parts: readonly string[] = text.split('*'),
  ) {
    this.#parts = parts;
  }

  /** Matches this one text, stars and all. */
  static literal(text: string): Wildcard {
    return new Wildcard(text, [text]);
  }

  matches(name: string): boolean {
    const [first = '', ...rest] = this.#parts;
    const last = rest.pop();
    if (last === undefined) return name === first;
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    const end = name.length - last.length;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  }
}
