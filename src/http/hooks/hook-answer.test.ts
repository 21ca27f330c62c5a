/** What is understood of a backend's answer, and what is not. */

import { describe, expect, test } from 'vitest';
import { readAnswer } from './hook-answer.js';

const read = (answer: unknown) => readAnswer(JSON.stringify(answer), (result) => ({ ok: true, result }));

test('a result is handed on to its reader', () => {
  expect(read({ result: { a: 1 } })).toEqual({ ok: true, result: { a: 1 } });
});

test('an empty list is an empty result: PHP writes an empty array so', () => {
  expect(read({ result: [] })?.ok).toBe(true);
});

test('an error has a code, and perhaps a message and whether it is temporary', () => {
  const full = { code: 1_000, message: 'custom', temporary: true };
  expect(read({ error: full })).toEqual({ ok: false, error: full });
  const error = { code: 403, message: '', temporary: false };
  expect(read({ error: { code: 403 } })).toEqual({ ok: false, error });
});

test('a disconnect goes before an error, and an error before a result', () => {
  const disconnect = { code: 4_501, reason: 'unauthorized' };
  expect(read({ disconnect, error: { code: 400 }, result: {} })).toEqual({ ok: false, disconnect });
  expect(read({ error: { code: 400 }, result: {} })?.ok).toBe(false);
});

test('null is absent, as some encoders write it', () => {
  expect(read({ result: { a: 1 }, error: null, disconnect: null })?.ok).toBe(true);
});

describe('neither a yes nor a no:', () => {
  test.each([
    [{}],
    [null],
    [[]],
    ['yes'],
    [{ result: true }],
    [{ result: 'ok' }],
    [{ error: 'no' }],
    [{ error: {} }],
    [{ error: { code: 99 } }],
    [{ error: { code: 2_000 } }],
    [{ error: { code: 400.5 } }],
    [{ error: { code: '400' } }],
    [{ disconnect: { code: 1_000 } }],
    [{ disconnect: { code: 5_000 } }],
    [{ result: {}, error: { code: 'x' } }],
  ])('%j', (answer) => expect(read(answer)).toBeUndefined());

  test.each([[''], ['{'], ['<html></html>'], ['{"result":{}}x']])('%s', (text) => {
    expect(readAnswer(text, (result) => ({ ok: true, result }))).toBeUndefined();
  });

  test('a result that its reader does not understand', () => {
    const fail = () => {
      throw new Error('not that');
    };
    expect(readAnswer('{"result":{}}', fail)).toBeUndefined();
  });
});
