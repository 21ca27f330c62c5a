/** Lines name the trace in whose work they are written, and nothing without one. */

import { expect, test } from 'vitest';
import { TracedLog } from './traced-log.js';

test('each level adds the id of the current trace, and leaves the fields alone without one', () => {
  const lines: object[] = [];
  let current: string | undefined = 'a1';
  const note = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log = new TracedLog(
    { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    { currentTraceId: () => current },
  );
  const fields = { user: 'u' };
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](fields, 'm');
  expect(lines).toEqual(
    ['debug', 'info', 'warn', 'error'].map((level) => ({ level, fields: { user: 'u', trace_id: 'a1' }, message: 'm' })),
  );
  current = undefined;
  log.info(fields, 'm');
  expect(lines.at(-1)).toEqual({ level: 'info', fields, message: 'm' });
  expect(fields).toEqual({ user: 'u' });
});
