/** The public error class and its table. */

import { expect, test } from 'vitest';
import { errorCodes } from './codes.js';
import { FanfareError, type FanfareErrorCode, fanfareErrors } from './fanfare-error.js';

const known: readonly number[] = Object.values(errorCodes).map(({ code }) => code);
// safe: the keys of the table are the codes
const codes = Object.keys(fanfareErrors) as FanfareErrorCode[];

test.each(codes)('%s carries its code, an HTTP error status and a code that clients know', (code) => {
  const cause = new Error('why');
  const error = new FanfareError(code, 'text', { cause });
  expect(error).toMatchObject({ name: 'FanfareError', code, cause, retryable: fanfareErrors[code].retryable });
  expect(error.httpStatus).toBeGreaterThanOrEqual(400);
  expect(known).toContain(error.replyCode);
});

test('what no client can cause is an internal error to it', () => {
  expect(new FanfareError('ERR_CONFIG', 'text').replyCode).toBe(100);
});

test('G7: a broker that is away is a retryable 503', () => {
  expect(new FanfareError('ERR_BROKER', 'text')).toMatchObject({ httpStatus: 503, retryable: true, replyCode: 100 });
});

test('what was not given is no field of it: printing an error shows each', () => {
  const fields = (error: FanfareError) => Object.keys(error).filter((key) => ['state', 'remedy'].includes(key));
  expect(fields(new FanfareError('ERR_BROKER', 'text'))).toEqual([]);
  expect(fields(new FanfareError('ERR_BROKER', 'text', { state: 'OOM' }))).toEqual(['state']);
  expect(fields(new FanfareError('ERR_BROKER', 'text', { state: 'OOM', remedy: 'memory' }))).toEqual([
    'state',
    'remedy',
  ]);
});
