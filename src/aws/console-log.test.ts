import { afterEach, expect, test, vi } from 'vitest';
import { FanfareError } from '../model/fanfare-error.js';
import { consoleLog } from './console-log.js';

afterEach(() => vi.restoreAllMocks());

function lines(write: () => void): Record<string, unknown>[] {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  write();
  return log.mock.calls.map(([line]) => JSON.parse(String(line)));
}

test('a line of JSON, from its level on', () => {
  const log = consoleLog();
  expect(
    lines(() => {
      log.debug({ n: 1 }, 'not written');
      log.info({ n: 2 }, 'written');
      log.error({ n: 3 }, 'written, too');
    }),
  ).toEqual([
    { level: 'info', message: 'written', n: 2 },
    { level: 'error', message: 'written, too', n: 3 },
  ]);
});

test('silent writes nothing', () => {
  expect(lines(() => consoleLog({ level: 'silent' }).error({}, 'nothing'))).toEqual([]);
});

test('errors have what is known of them', () => {
  const err = new FanfareError('ERR_BROKER', 'gone', { cause: new Error('why') });
  const [line] = lines(() => consoleLog({ level: 'error' }).error({ err }, 'failed'));
  expect(line).toMatchObject({
    message: 'failed',
    err: {
      name: 'FanfareError',
      code: 'ERR_BROKER',
      message: 'gone',
      stack: expect.any(String),
      cause: { message: 'why' },
    },
  });
});
