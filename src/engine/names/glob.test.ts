import { expect, test } from 'vitest';
import type { FanfareError } from '../../model/fanfare-error.js';
import { Glob } from './glob.js';

const names =
  'chat: chat:a chat:b chat:c chat:d chat:x chat:ab chat:bb chat:bx chat:cx chat:ax chat:1 chat:* chat:{a} chat:] chat:- chat:^ chat:! chat:\\ news:a news: a b a,b a,c b,c é ê z 🎺 xaxbx ab x:a:y chat:axc chat:xbc ac bd chat:a-c - chat:é'.split(
    ' ',
  );
const matched = (pattern: string) => names.filter((name) => new Glob(pattern).matches(name)).join(' ');

// Answers of github.com/gobwas/glob 0.2.3, which Centrifugo 6.9.1 uses for patterns.
test.each([
  [
    'chat:*',
    'chat: chat:a chat:b chat:c chat:d chat:x chat:ab chat:bb chat:bx chat:cx chat:ax chat:1 chat:* chat:{a} chat:] chat:- chat:^ chat:! chat:\\ chat:axc chat:xbc chat:a-c chat:é',
  ],
  ['chat:?', 'chat:a chat:b chat:c chat:d chat:x chat:1 chat:* chat:] chat:- chat:^ chat:! chat:\\ chat:é'],
  ['chat:??', 'chat:ab chat:bb chat:bx chat:cx chat:ax'],
  ['chat:{a,b}', 'chat:a chat:b'],
  ['chat:{a,b*}', 'chat:a chat:b chat:bb chat:bx'],
  ['{chat,news}:a', 'chat:a news:a'],
  ['chat:[ab]', 'chat:a chat:b'],
  ['chat:[!ab]', 'chat:c chat:d chat:x chat:1 chat:* chat:] chat:- chat:^ chat:! chat:\\ chat:é'],
  ['chat:[a-c]', 'chat:a chat:b chat:c'],
  ['chat:[!a-c]', 'chat:d chat:x chat:1 chat:* chat:] chat:- chat:^ chat:! chat:\\ chat:é'],
  ['chat:{,a}', 'chat: chat:a'],
  ['chat:{a,{b,c}}x', 'chat:bx chat:cx chat:ax'],
  ['chat:\\*', 'chat:*'],
  ['chat:\\{a\\}', 'chat:{a}'],
  ['chat:[\\]]', 'chat:]'],
  ['a,b', 'a,b'],
  ['{a,b},c', 'a,c b,c'],
  ['chat:[1]', 'chat:1'],
  ['chat:]', 'chat:]'],
  ['[é-ü]', 'é ê'],
  ['chat:[*]', 'chat:*'],
  ['*a*b*', 'chat:b chat:ab chat:bb chat:bx a,b xaxbx ab chat:xbc'],
  ['{*a,b*}', 'chat:a news:a a b b,c bd'],
  ['chat:[^a]', 'chat:a chat:^'],
  ['chat:[a\\-c]', 'chat:a chat:c chat:-'],
  ['*:{a,b}:*', 'x:a:y'],
  ['chat:{a*,*b}c', 'chat:axc chat:xbc chat:a-c'],
  ['{a,b}{c,d}', 'ac bd'],
  ['chat:\\a', 'chat:a'],
  ['[ab-]', 'a b -'],
  ['[-a]', 'a -'],
  ['???', 'a,b a,c b,c'],
  ['x*x?x', 'xaxbx'],
])('%s', (pattern, expected) => expect(matched(pattern)).toBe(expected));

test('? is one character, whatever its bytes, and never none', () => {
  expect(matched('?')).toBe('a b é ê z 🎺 -');
  expect(new Glob('{?,ab}').matches('')).toBe(false);
});

// Centrifugo accepts some of them with meanings of its own, and panics on one ("chat:{}").
test.each([
  'chat:{a',
  'chat:{a,b',
  'chat:a}',
  '}',
  'chat:[',
  'chat:[a',
  'chat:[a-',
  'chat:[]',
  'chat:[!]',
  'chat:[a-cx]',
  'chat:[c-a]',
  'chat:\\',
  'chat:[\\',
  '{a,b}'.repeat(9),
  '*'.repeat(513),
  `{${'a,'.repeat(300)}`,
])('%s is refused', (pattern) => {
  expect(() => new Glob(pattern)).toThrow(expect.objectContaining({ code: 'ERR_PATTERN' }) as FanfareError);
});

test('many stars on a name that does not fit are given up', () => {
  // By trying every way to divide the name among the stars, it would not end.
  expect(new Glob(`${'*a'.repeat(120)}?b`).matches('a'.repeat(255))).toBe(false);
  expect(new Glob(`${'*[a-z]'.repeat(40)}{b,c}{d,e}`).matches('a'.repeat(255))).toBe(false);
});
