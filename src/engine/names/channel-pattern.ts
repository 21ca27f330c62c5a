/** Patterns of channel names, `chat:{room}`: compiled once, matched in linear time, never as a regular expression. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';

/** Values of a pattern's placeholders, without a prototype. */
export type ChannelParams = Readonly<Record<string, string>>;

type Segment = { readonly literal: string } | { readonly param: string };

const separator = ':';
const paramName = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * A name is cut at its colons. `{x}` stands for exactly one non-empty segment, `{x*}` in last place for all that is
 * left, colons included; everything else stands for itself.
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

  /** The placeholders' values, or `undefined` when the name does not match. */
  match(channel: ChannelName): ChannelParams | undefined {
    const params: Record<string, string> = Object.create(null);
    let start = 0;
    for (const segment of this.#segments) {
      if (start > channel.length) return undefined;
      const colon = channel.indexOf(separator, start);
      const end = colon === -1 ? channel.length : colon;
      const value = channel.slice(start, end);
      if ('literal' in segment ? value !== segment.literal : value === '') return undefined;
      if ('param' in segment) params[segment.param] = value;
      start = end + 1;
    }
    if (this.#rest === undefined) return start === channel.length + 1 ? params : undefined;
    if (start >= channel.length) return undefined;
    params[this.#rest] = channel.slice(start);
    return params;
  }
}

function invalid(text: string, why: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `channel pattern "${text}": ${why}`);
}
