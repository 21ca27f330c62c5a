/** Patterns of channel names, `chat:{room}`: compiled once, matched in linear time, never as a regular expression. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';

/** Values of a pattern's placeholders, without a prototype. */
export type ChannelParams = Readonly<Record<string, string>>;

type Segment = { readonly literal: string } | { readonly param: string };

const separator = ':';
const paramName = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * A name is split at colons. `{x}` matches exactly one non-empty segment, `{x*}` at the end all the rest, including
 * colons; other text is literal.
 */
export class ChannelPattern {
  readonly #segments: readonly Segment[];
  readonly #rest: string | undefined;

  /** @throws FanfareError `ERR_CONFIG` when the text is not a pattern. */
  constructor(readonly text: string) {
    const parts = text.split(separator);
    const names = new Set<string>();
    const segments: Segment[] = [];
    let rest: string | undefined;
    for (const [index, part] of parts.entries()) {
      const placeholder = /^\{([^{}*]*)(\*?)\}$/.exec(part);
      if (placeholder === null) {
        if (/[{}]/.test(part)) throw invalid(text, `a placeholder is a whole segment between colons, got "${part}"`);
        segments.push({ literal: part });
        continue;
      }
      const [, name = '', star] = placeholder;
      if (!paramName.test(name)) throw invalid(text, `"${name}" is not a placeholder name`);
      if (names.has(name)) throw invalid(text, `placeholder "${name}" is there twice`);
      names.add(name);
      if (star !== '*') segments.push({ param: name });
      else if (index === parts.length - 1) rest = name;
      else throw invalid(text, `"{${name}*}" must come last`);
    }
    if (text === '') throw invalid(text, 'it is empty');
    this.#segments = segments;
    this.#rest = rest;
  }

  /** Called for each command and request, so it allocates nothing. */
  matches(channel: ChannelName): boolean {
    let start = 0;
    for (const segment of this.#segments) {
      if (start > channel.length) return false;
      const end = endOfSegment(channel, start);
      const length = end - start;
      if ('param' in segment) {
        if (length === 0) return false;
      } else if (length !== segment.literal.length || !channel.startsWith(segment.literal, start)) return false;
      start = end + 1;
    }
    return this.#rest === undefined ? start === channel.length + 1 : start < channel.length;
  }

  /** The placeholders' values, or `undefined` when the name does not match. */
  match(channel: ChannelName): ChannelParams | undefined {
    if (!this.matches(channel)) return undefined;
    const params: Record<string, string> = Object.create(null);
    let start = 0;
    for (const segment of this.#segments) {
      const end = endOfSegment(channel, start);
      if ('param' in segment) params[segment.param] = channel.slice(start, end);
      start = end + 1;
    }
    if (this.#rest !== undefined) params[this.#rest] = channel.slice(start);
    return params;
  }
}

function endOfSegment(channel: ChannelName, start: number): number {
  const colon = channel.indexOf(separator, start);
  return colon === -1 ? channel.length : colon;
}

function invalid(text: string, why: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `channel pattern "${text}": ${why}`);
}
