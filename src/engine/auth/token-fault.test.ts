/** What the log is told of a refused token. */

import { describe, expect, test, vi } from 'vitest';
import { cite, TokenFault } from './token-fault.js';

const text = ({ message }: ReturnType<TokenFault['line']>) => (typeof message === 'string' ? message : message());

describe('the line of a fault', () => {
  test('has its check, and no more when no more is known', () => {
    const fault = new TokenFault('form', 'it is empty');
    expect(fault.line()).toMatchObject({ check: 'token form', fields: {}, level: 'warn' });
    expect(fault.line()).not.toHaveProperty('key');
    expect(fault.line().fields).toStrictEqual({});
    expect(text(fault.line())).toContain('it is empty');
    expect(fault).toMatchObject({ verdict: 'invalid', message: 'it is empty', option: undefined });
  });

  test('names claim, option and cause; each claim has a line of its own', () => {
    const cause = new Error('connection refused');
    const fault = new TokenFault('keys', 'm', { claim: 'kid', option: 'token.jwks', cause });
    const fields = { claim: 'kid', option: 'token.jwks', reason: 'connection refused' };
    expect(fault.line()).toMatchObject({ key: 'kid', fields });
    expect(fault.line().fields).toEqual(fields);
    expect(fault.option).toBe('token.jwks');
    expect(new TokenFault('keys', 'm', { cause: 'a thrown text' }).line().fields).toEqual({});
  });

  test.each([
    ['expired', 'info'],
    ['early', 'warn'],
    ['outlived', 'warn'],
    ['unavailable', 'warn'],
    ['invalid', 'warn'],
  ] as const)('%s: %s', (verdict, level) => {
    const fault = new TokenFault('start', 'm', { verdict });
    expect([fault.verdict, fault.line().level]).toEqual([verdict, level]);
  });

  test('has the hint behind the reason, which is looked for only when the line is written', () => {
    const hint = vi.fn(() => 'a hint');
    const fault = new TokenFault('signature', 'the reason', { hint });
    const line = fault.line();
    expect(hint).not.toHaveBeenCalled();
    expect(text(line)).toMatch(/the reason.+a hint$/);
    expect(hint).toHaveBeenCalledOnce();
    expect(new TokenFault('signature', 'the reason', { hint: () => undefined }).explain()).toBe('the reason');
  });
});

test.each([
  [null, 'null'],
  [undefined, 'missing'],
  [['hunter2'], 'a list'],
  [{ password: 'hunter2' }, 'an object'],
  [42, '42'],
  [true, 'true'],
  ['two\nlines', String.raw`"two\nlines"`],
  ['x'.repeat(100), `"${'x'.repeat(79)}`],
])('cites %o as %s: short, on one line, nothing from within', (value, cited) => expect(cite(value)).toBe(cited));
