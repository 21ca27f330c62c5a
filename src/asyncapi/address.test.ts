/** Addresses say the same as the patterns they are made of; ids are there once. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelPattern } from '../engine/names/channel-pattern.js';
import { parseChannelName } from '../model/channel-name.js';
import { addressOf, Ids } from './address.js';

const paramName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,6}$/);
const literal = fc.stringMatching(/^[a-z0-9$.*#?-]{1,6}$/);
const segment = fc.oneof(
  literal,
  paramName.map((name) => `{${name}}`),
);

/** Patterns that are valid, some of them with a rest. */
const pattern = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.option(paramName))
  .map(([segments, rest]) => [...segments, ...(rest === null ? [] : [`{${rest}*}`])].join(':'))
  .filter((text) => {
    const names = [...text.matchAll(/\{(\w+)/g)].map(([, name]) => name);
    return new Set(names).size === names.length;
  });

describe('an address', () => {
  it('with its parameters filled in is a name that the pattern matches, with those values', () => {
    const value = fc.stringMatching(/^[a-z0-9{}]{1,5}$/);
    fc.assert(
      fc.property(pattern, fc.infiniteStream(value), (text, values) => {
        const { address, parameters } = addressOf(text);
        const params = Object.entries(parameters).map(([name, { 'x-fanfare-rest': isRest }]): [string, string] => {
          const one = String(values.next().value);
          return [name, isRest ? `${one}:${one}` : one];
        });
        const byName = new Map(params);
        const name = parseChannelName(address.replace(/\{(\w+)\}/g, (_, param: string) => byName.get(param) ?? ''));
        expect(name && { ...new ChannelPattern(text).match(name) }).toEqual(Object.fromEntries(params));
      }),
    );
  });

  it('has the parameters that are described, and no others', () => {
    fc.assert(
      fc.property(pattern, (text) => {
        const { address, parameters } = addressOf(text);
        const inAddress = [...address.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name);
        expect(inAddress).toEqual(Object.keys(parameters));
        expect(text.endsWith('*}')).toBe(Object.values(parameters).at(-1)?.['x-fanfare-rest'] === true);
      }),
    );
  });

  it('keeps placeholders that are spelled like properties of objects', () => {
    const { address, parameters } = addressOf('a:{constructor}:{toString*}');
    expect(address).toBe('a:{constructor}:{toString}');
    expect(Object.keys(parameters)).toEqual(['constructor', 'toString']);
  });
});

describe('ids', () => {
  it('are plain and there once, whatever they are made of', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pattern, fc.string())), (texts) => {
        const ids = new Ids();
        const made = texts.map((text) => ids.of(text));
        expect(new Set(made).size).toBe(texts.length);
        for (const id of made) expect(id).toMatch(/^[A-Za-z0-9]\w*$/);
      }),
    );
  });

  it('are those that one expects', () => {
    const ids = new Ids();
    expect(['chat:{room}', 'chat:room', 'news:{topic*}', 'é'].map((text) => ids.of(text))).toEqual([
      'chat_room',
      'chat_room_2',
      'news_topic',
      'unnamed',
    ]);
  });
});
