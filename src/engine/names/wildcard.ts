/** Texts with `*`, for capabilities. Linear, since the leftmost match of each part is enough. */

export class Wildcard {
  /** `*` matches any characters, or none; other text is literal. */
  constructor(
    readonly text: string,
    private readonly parts: readonly string[] = text.split('*'),
  ) {}

  /** Whether it has no `*` with a meaning. */
  get isLiteral(): boolean {
    return this.parts.length === 1;
  }

  /** Matches exactly this text; `*` has no meaning in it. */
  static literal(text: string): Wildcard {
    return new Wildcard(text, [text]);
  }

  matches(name: string): boolean {
    const [first = '', ...rest] = this.parts;
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
