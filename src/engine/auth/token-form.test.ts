/** What is a token, before anything is known of its signature. */

import { describe, expect, test } from 'vitest';
import { JsonSource } from '../../model/json-source.js';
import { TokenFault } from './token-fault.js';
import { TokenReader } from './token-form.js';

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');
const tokenOf = (header: string | Uint8Array, payload: string | Uint8Array) =>
  `${encode(header)}.${encode(payload)}.c2ln`;
const good = tokenOf('{"alg":"HS256"}', '{"sub":"ann"}');
const read = (token: string) => new TokenReader().read(token);

/** Which check has found a fault, and its words. */
function faultOf(token: string) {
  const fault = read(token);
  return fault instanceof TokenFault ? { check: fault.line().check, why: fault.explain() } : undefined;
}

describe('a token', () => {
  test('is read with its header and its claims', () => {
    expect(read(good)).toEqual({ header: { alg: 'HS256' }, payload: { sub: 'ann' } });
  });

  test('may have any characters of base64url in each part, and an empty signature', () => {
    const claims = '{"sub":"ü>>>???~~~"}';
    expect(encode(claims)).toMatch(/[-_]/);
    expect(read(`${encode('{"alg":"a"}')}.${encode(claims)}.`)).toMatchObject({ payload: { sub: 'ü>>>???~~~' } });
    expect(faultOf(`${good}-_-_`)).toBeUndefined();
  });

  test('keeps what is only passed on as its maker wrote it', () => {
    const payload = '{"sub":"ann","info":{"b":1.0,"a":1},"meta":1.0,"subs":{"a":{"info":1.0,"data":2.0}}}';
    const token = read(tokenOf('{"alg":"a"}', payload));
    if (token instanceof TokenFault) throw new Error(token.message);
    const { info, meta } = token.payload;
    expect([info, meta].map((value) => (value instanceof JsonSource ? value.text : value))).toEqual([
      '{"b":1.0,"a":1}',
      '1.0',
    ]);
  });

  test('has the header that it says, whatever the one before had', () => {
    const reader = new TokenReader();
    const other = tokenOf('{"alg":"RS256","kid":"k"}', '{}');
    const broken = tokenOf('[]', '{}');
    const headers = [good, good, other, broken, other, good].map((token) => {
      const one = reader.read(token);
      return one instanceof TokenFault ? 'refused' : one.header.alg;
    });
    expect(headers).toEqual(['HS256', 'HS256', 'RS256', 'refused', 'RS256', 'HS256']);
  });
});

describe('refused', () => {
  const jwe = ['a', 'b', 'c', 'd', 'e'].join('.');
  const mistakes = [
    ['empty', ''],
    ['with Bearer before it', `Bearer ${good}`],
    ['with a line break behind it', `${good}\n`],
    ['with quotes around it', `"${good}"`],
    ['encrypted', jwe],
    ['without dots', 'f3e7c0a1'],
    ['of two parts', 'a.b'],
    ['with padding', `${good}=`],
    ['in base64', `${good}+/`],
    ['with other characters', `${good}ü`],
    ['whose payload is not UTF-8', tokenOf('{"alg":"a"}', Uint8Array.of(0x22, 0xff, 0x22))],
    ['whose payload is no JSON', tokenOf('{"alg":"a"}', '{"sub":')],
    ['whose header is no JSON', tokenOf('{', '{}')],
  ] as const;

  test.each(mistakes)('%s', (_, token) => expect(faultOf(token)?.check).toBe('token form'));

  test('and each mistake is told from the others', () => {
    const told = mistakes.map(([, token]) => faultOf(token)?.why ?? '');
    expect(new Set(told).size).toBe(mistakes.length);
    expect(told).not.toContain('');
  });

  test.each([
    ['bearer', 'Bearer a.b.c', 'bearer\ta.b.c', 'BEARER a.b'],
    ['space around it', ' a.b.c', 'a.b.c ', '\ta.b.c', 'a.b.c\r\n', ' a', ' bearer a.b.c'],
    ['quotes around it', '"a.b.c"', "'a.b.c'", '"a"'],
    ['parts that are encrypted', jwe, `${jwe}=`],
    ['no dots', 'bearer', 'a', 'a+', 'a=', 'a bearer'],
    ['two parts', 'a.b', 'a.b='],
    ['four parts', 'a.b.c.d', '...'],
    ['six parts', 'a.b.c.d.e.f'],
    ['padding', 'a.b.c=', 'a==.b.c', 'a+.b.c='],
    ['base64', 'a.b.c+', 'a.b/.c'],
    ['characters and empty parts', 'a.b.c"', '.b.c', 'a..c', '..', 'a.b,.c', 'a b.c.d', 'a bearer .b.c'],
    [
      'no object',
      tokenOf('{"alg":"a"}', '{'),
      ...['[]', 'null', '1', '"a"'].map((value) => tokenOf('{"alg":"a"}', value)),
    ],
  ])('%s: the same mistake, and the same words', (_, ...tokens) => {
    const told = tokens.map((token) => faultOf(token));
    expect(new Set(told.map((fault) => fault?.why)).size).toBe(1);
    expect(told[0]?.check).toBe('token form');
  });

  test('by the part that is wrong', () => {
    expect(faultOf(tokenOf('[', '{}'))?.why).toContain('header');
    expect(faultOf(tokenOf('{"alg":"a"}', '['))?.why).toContain('payload');
    expect(faultOf(jwe)?.why).toContain('JWE');
  });

  test('the number of its parts, if that is the mistake', () => {
    expect(faultOf('a')?.why).not.toContain('1');
    expect(faultOf('a.b')?.why).toContain('2');
    expect(faultOf('a.b.c.d')?.why).toContain('4');
  });

  test('with claims that nest too deeply, by how deep they may', () => {
    const nested = (depth: number) => tokenOf('{"alg":"a"}', `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    expect(faultOf(nested(63))).toBeUndefined();
    expect(faultOf(nested(64))).toEqual({ check: 'token claim', why: expect.stringContaining('64') });
  });

  test('longer than 8,192 characters, by its length and the longest', () => {
    const fault = faultOf(`${good}${'x'.repeat(8_193 - good.length)}`);
    expect(fault).toEqual({ check: 'token length', why: expect.stringMatching(/8193.*8192/) });
    expect(faultOf(`${good}${'x'.repeat(8_192 - good.length)}`)).toBeUndefined();
  });

  test('without a word of it in the log', () => {
    for (const token of ['hunter2', 'hunter2.a', `${encode('hunter2')}.${encode('hunter2')}.hunter2`, 'hunter2.b.c+']) {
      expect(JSON.stringify(faultOf(token))).not.toMatch(new RegExp(`hunter2|${encode('hunter2')}`));
    }
  });
});
