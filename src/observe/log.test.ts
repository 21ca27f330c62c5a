/** Log lines: structured, and without secrets. */

import { describe, expect, test } from 'vitest';
import type { LogLevel } from '../engine/ports/logger.js';
import { createLog } from './log.js';

function logTo(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line) => lines.push(line) } });
  return { log, lines };
}

describe('redaction', () => {
  const secretFields = ['token', 'secret', 'password', 'authorization', 'cookie'];
  test.each(secretFields)('%s is never written, wherever it is put', (field) => {
    const { log, lines } = logTo();
    log.info({ [field]: 'hunter2' }, 'plain');
    log.info({ request: { [field]: 'hunter2' } }, 'within');
    log.info({ request: { headers: { [field]: 'hunter2' } } }, 'deeper');
    log.info({ headers: [{ [field]: 'hunter2' }] }, 'in a list');
    log.error({ err: Object.assign(new Error('failed'), { [field]: 'hunter2' }) }, 'in an error');
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      expect(line).not.toContain('hunter2');
      expect(line).toContain('[redacted]');
    }
  });

  test('leaves the logged object as it was', () => {
    const { log } = logTo();
    const fields = { request: { token: 'hunter2' } };
    log.info(fields, 'message');
    expect(fields).toEqual({ request: { token: 'hunter2' } });
  });

  test('leaves everything else alone', () => {
    const { log, lines } = logTo();
    log.info({ user: 'u', code: 3500, client: null }, 'closed');
    const expected = { name: 'fanfare', level: 30, user: 'u', code: 3500, msg: 'closed' };
    expect(JSON.parse(lines[0] ?? '')).toMatchObject(expected);
  });
});

describe('lines', () => {
  test('B96: control characters in fields and messages stay inside their line, escaped', () => {
    const { log, lines } = logTo();
    log.info({ user: 'a\r\n{"level":60}\u001b[31m\u0000' }, 'b\nc');
    expect(lines).toHaveLength(1);
    // The only one there is ends the line.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
    expect(lines[0]?.match(/[\u0000-\u001f]/g)).toEqual(['\n']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ user: 'a\r\n{"level":60}\u001b[31m\u0000', msg: 'b\nc' });
  });

  test('an error is written with its message, stack and cause', () => {
    const { log, lines } = logTo();
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    const { err } = JSON.parse(lines[0] ?? '');
    expect(err).toMatchObject({ type: 'Error', message: expect.stringContaining('outer') });
    expect(err.stack).toContain('inner');
  });

  test.each<[LogLevel, string[]]>([
    ['debug', ['d', 'i', 'w', 'e']],
    ['info', ['i', 'w', 'e']],
    ['warn', ['w', 'e']],
    ['error', ['e']],
    ['silent', []],
  ])('level %s writes %j', (level, expected) => {
    const { log, lines } = logTo(level);
    log.debug({}, 'd');
    log.info({}, 'i');
    log.warn({}, 'w');
    log.error({}, 'e');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(expected);
  });
});
