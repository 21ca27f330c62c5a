import { expect, it } from 'vitest';
import { errorCodes } from '../model/codes.js';
import { ClientError, toClientError } from './client-error.js';

it('has a code of its own for each error of the protocol, retryable where the protocol says temporary', () => {
  const codes = new Set<string>();
  for (const { code, message, temporary } of Object.values(errorCodes)) {
    const error = toClientError({ code, message, temporary });
    expect(error).toMatchObject({ protocolCode: code, retryable: temporary, message });
    expect(error.code).not.toBe('ERR_REFUSED');
    codes.add(error.code);
  }
  expect(codes.size).toBe(Object.keys(errorCodes).length);
});

it('keeps the number of a code that only the server knows', () => {
  const expected = { code: 'ERR_REFUSED', protocolCode: 1_042, retryable: false };
  expect(toClientError({ code: 1_042, message: 'out of stock' })).toMatchObject(expected);
  expect(toClientError({ code: 1_042, message: 'busy', temporary: true }).retryable).toBe(true);
});

it('keeps an exception as the cause', () => {
  const cause = new TypeError('broken');
  expect(toClientError(cause)).toMatchObject({ code: 'ERR_INTERNAL', retryable: false, message: 'broken', cause });
  expect(toClientError(undefined).code).toBe('ERR_INTERNAL');
});

it('leaves its own as they are', () => {
  const error = new ClientError('ERR_CLOSED', 'closed');
  expect(toClientError(error)).toBe(error);
});
