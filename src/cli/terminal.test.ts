/** When there are colours, and that other people's text stays text. */

import { expect, test } from 'vitest';
import { jsonLine, printable } from './printable.js';
import { createTerminal } from './terminal.js';

function styled(isTTY: boolean, env: Record<string, string>): string {
  const stream = { isTTY, write: () => true };
  return createTerminal({ stdout: stream, stderr: stream }, env).style('red', 'x');
}

test('colours are for terminals, and not where NO_COLOR or a dumb terminal asks for none', () => {
  expect(styled(true, {})).toBe('\u001b[31mx\u001b[39m');
  expect(styled(true, { NO_COLOR: '' })).toBe('\u001b[31mx\u001b[39m');
  expect(styled(true, { NO_COLOR: '1' })).toBe('x');
  expect(styled(true, { TERM: 'dumb' })).toBe('x');
  expect(styled(false, {})).toBe('x');
});

test('control characters, C1 ones and direction overrides become escapes, and JSON stays JSON', () => {
  const hostile = 'a\u001b[31m\u009b31m\u202eb\u2028\r\n';
  const line = jsonLine({ hostile });
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(line)).toEqual({ hostile });
  expect(printable(hostile)).toBe('a\\u001b[31m\\u009b31m\\u202eb\\u2028\\r\\n');
});
