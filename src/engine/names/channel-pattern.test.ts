/** Patterns of channel names: which names match, which values the placeholders get, and that both are unambiguous. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { ChannelPattern } from './channel-pattern.js';

function match(pattern: string, name: string): Record<string, string> | undefined {
  const params = new ChannelPattern(pattern).match(channelName(name));
  return params === undefined ? undefined : { ...params };
}

describe('matching', () => {
  test.each<[string, string, Record<string, string>]>([
    ['news', 'news', {}],
    ['chat:{room}', 'chat:lobby', { room: 'lobby' }],
    ['{kind}:{id}', 'match:42', { kind: 'match', id: '42' }],
    ['a:{b}:c:{d}', 'a:1:c:2', { b: '1', d: '2' }],
    ['files:{path*}', 'files:a', { path: 'a' }],
    ['files:{path*}', 'files:a:b::c', { path: 'a:b::c' }],
    ['{all*}', 'x:y', { all: 'x:y' }],
    ['a::b', 'a::b', {}],
    ['chat:', 'chat:', {}],
    ['chat.*', 'chat.*', {}],
  ])('"%s" matches "%s"', (pattern, name, params) => expect(match(pattern, name)).toEqual(params));

  test.each([
    ['news', 'news2'],
    ['news', 'new'],
    ['news', 'news:'],
    ['news', 'news:a'],
    ['chat:{room}', 'chat'],
    ['chat:{room}', 'chat:'],
    ['chat:{room}', 'chat:a:b'],
    ['chat:{room}', 'chat:a:'],
    ['chat:{room}', 'Chat:a'],
    ['chat:{room}', ':chat:a'],
    ['{a}:{b}', ':b'],
    ['{a}:{b}', 'a:'],
    ['files:{path*}', 'files'],
    ['files:{path*}', 'files:'],
    ['a.c', 'abc'],
    ['a*', 'aa'],
  ])('"%s" does not match "%s"', (pattern, name) => expect(match(pattern, name)).toBeUndefined());

  test('B83: placeholders and values named like parts of Object are ordinary, and the values have no prototype', () => {
    const params = new ChannelPattern('{constructor}:{toString}').match(channelName('__proto__:x'));
    expect(params).toBeDefined();
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(Object.entries(params ?? {})).toEqual([
      ['constructor', '__proto__'],
      ['toString', 'x'],
    ]);
  });

  test('is what comparing segment by segment says, for any pattern and name', () => {
    const part = fc.constantFrom('', 'a', 'b', '{p}');
    const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).filter((parts) => {
      return parts.join(':') !== '' && parts.filter((text) => text === '{p}').length <= 1;
    });
    const name = fc.array(fc.constantFrom('', 'a', 'b', 'c'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pattern, name, (parts, segments) => {
        fc.pre(segments.join(':') !== '');
        const expected =
          parts.length === segments.length &&
          parts.every((text, index) => (text === '{p}' ? segments[index] !== '' : segments[index] === text));
        expect(match(parts.join(':'), segments.join(':')) !== undefined).toBe(expected);
      }),
    );
  });
});

test.each([
  ['empty', ''],
  ['a placeholder within a segment', 'chat-{room}'],
  ['two placeholders in a segment', '{a}{b}'],
  ['an open brace', 'chat:{room'],
  ['a closing brace', 'chat:room}'],
  ['nested braces', 'chat:{{room}}'],
  ['a placeholder without a name', 'chat:{}'],
  ['a rest without a name', 'chat:{*}'],
  ['a name that begins with a digit', 'chat:{1a}'],
  ['a name with a space', 'chat:{a b}'],
  ['the same name twice', '{a}:{a}'],
  ['the same name as the rest', '{a}:{a*}'],
  ['a rest that is not last', '{a*}:b'],
  ['a star within the name', '{a*b}'],
])('B84: what is not a pattern is refused at once %s', (_, pattern) => {
  expect(() => new ChannelPattern(pattern)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});
