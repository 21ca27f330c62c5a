/** Patterns for channel names in the API's `channels`, as in Centrifugo. */

import { FanfareError } from '../../model/fanfare-error.js';
import { Wildcard } from './wildcard.js';

/** Any number of characters, or one character of a kind. */
type Token = 'any' | ((character: string) => boolean);
type Tokens = readonly Token[];

const maxLength = 512;
/** Limit for the alternatives in braces of one pattern. */
const maxAlternatives = 256;

/**
 * `*` matches any characters, `?` one, `[abc]`, `[a-z]`, `[!a-z]` one of those or of all others, `{one,two*}` one of
 * several patterns; a character after `\` is literal, like all others. The lengths of pattern and name bound the time
 * of matching.
 */
export class Glob {
  readonly #alternatives: readonly Tokens[];
  /** Patterns with only `*` use whole-text comparisons, which are much faster. */
  readonly #wildcard: Wildcard | undefined;

  /** @throws FanfareError `ERR_PATTERN` */
  constructor(readonly text: string) {
    const characters = [...text];
    if (characters.length > maxLength) throw fault(`has more than ${maxLength} characters`);
    this.#wildcard = /[?[{}\\]/.test(text) ? undefined : new Wildcard(text);
    this.#alternatives = this.#wildcard === undefined ? new Parser(characters).parse() : [];
  }

  matches(name: string): boolean {
    if (this.#wildcard !== undefined) return this.#wildcard.matches(name);
    const characters = [...name];
    return this.#alternatives.some((tokens) => matches(tokens, characters));
  }
}

/** Only the last `*` needs backtracking: an earlier one cannot match where that one fails. */
function matches(tokens: Tokens, name: readonly string[]): boolean {
  let [at, token] = [0, 0];
  let star: { readonly token: number; at: number } | undefined;
  while (at < name.length) {
    const wanted = tokens[token];
    if (wanted === 'any') star = { token: ++token, at };
    else if (wanted?.(name[at] ?? '')) [at, token] = [at + 1, token + 1];
    else if (star !== undefined) [at, token] = [++star.at, star.token];
    else return false;
  }
  while (tokens[token] === 'any') token++;
  return token === tokens.length;
}

class Parser {
  #at = 0;

  constructor(private readonly characters: readonly string[]) {}

  parse(): readonly Tokens[] {
    const alternatives = this.#sequence(false);
    if (this.#at < this.characters.length) throw fault('has a } without its {');
    return alternatives;
  }

  /** Up to the end, or to the character that ends it inside braces. */
  #sequence(isInside: boolean): readonly Tokens[] {
    let alternatives: readonly Tokens[] = [[]];
    for (; this.#at < this.characters.length; this.#at++) {
      const character = this.characters[this.#at] ?? '';
      if (character === '}' || (isInside && character === ',')) break;
      alternatives = combined(alternatives, this.#term(character));
    }
    return alternatives;
  }

  /** Leaves the position on the last character of the term. */
  #term(character: string): readonly Tokens[] {
    if (character === '*') return [['any']];
    if (character === '?') return [[() => true]];
    if (character === '[') return [[this.#characterClass()]];
    if (character === '{') return this.#braces();
    const literal = character === '\\' ? this.#next('ends with a \\') : character;
    return [[(one) => one === literal]];
  }

  #braces(): readonly Tokens[] {
    const alternatives: Tokens[] = [];
    do {
      this.#at++;
      alternatives.push(...this.#sequence(true));
    } while (this.characters[this.#at] === ',');
    if (this.characters[this.#at] !== '}') throw fault('has a { without its }');
    return alternatives;
  }

  /** A range, or a list, in which `-` is an ordinary character. */
  #characterClass(): Token {
    const isNegated = this.characters[this.#at + 1] === '!';
    if (isNegated) this.#at++;
    const members: string[] = [];
    let hasRange = false;
    for (let one = this.#next(unclosed); one !== ']'; one = this.#next(unclosed)) {
      if (one === '\\') members.push(this.#next(unclosed));
      else {
        hasRange ||= one === '-' && members.length === 1 && this.characters[this.#at + 1] !== ']';
        members.push(one);
      }
    }
    if (members.length === 0) throw fault('has a [ ] with nothing in it');
    if (!hasRange) return (one) => members.includes(one) !== isNegated;
    const [from = '', , to = '', ...others] = members;
    if (others.length > 0) throw fault('has a [ ] with a range and more in it');
    const [low, high] = [codeOf(from), codeOf(to)];
    if (low > high) throw fault('has a range in [ ] that is empty');
    return (one) => (codeOf(one) >= low && codeOf(one) <= high) !== isNegated;
  }

  #next(problem: string): string {
    const character = this.characters[++this.#at];
    if (character === undefined) throw fault(problem);
    return character;
  }
}

const unclosed = 'has a [ without its ]';

function combined(heads: readonly Tokens[], tails: readonly Tokens[]): readonly Tokens[] {
  if (heads.length * tails.length > maxAlternatives)
    throw fault(`stands for more than ${maxAlternatives} alternatives`);
  return heads.flatMap((head) => tails.map((tail) => [...head, ...tail]));
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function fault(problem: string): FanfareError {
  return new FanfareError('ERR_PATTERN', `the pattern ${problem}`);
}
