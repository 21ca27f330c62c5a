/** How failures of commands are told of in the log. */

import { expect, test } from 'vitest';
import { FanfareError } from '../../model/fanfare-error.js';
import { functionFailed } from './refusal-lines.js';

test('what was under way when the node closed is no error of anybody', () => {
  const { level, message } = functionFailed('subscribe', new FanfareError('ERR_CLOSED', 'the broker is closed'));
  expect([level, message]).toEqual(['info', 'subscribe failed: the node is closing']);
});

test('a function that throws is an error, whatever it throws', () => {
  for (const thrown of [new Error('broken'), new FanfareError('ERR_CONFIG', 'wrong'), 'a text'])
    expect(functionFailed('rpc', thrown).level).toBe('error');
});
