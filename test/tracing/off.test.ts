/** Without an SDK nothing is traced, and the log says so once; without the option nobody looks for one. */

import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { apiKey, postTo } from '../support/servers/api-server.js';
import { recordSpans, traceparent } from '../support/servers/recorded-spans.js';

test('tracing without an SDK is a warning that names the option', async () => {
  const warnings: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  const app = fanfare({ tracing: true, log });
  onTestFinished(() => app.close(0));
  expect(warnings).toEqual([{ option: 'tracing' }]);
});

test('an SDK alone records nothing of a server without the option', async () => {
  const spans = recordSpans(1);
  const app = fanfare({ channels: { 'news:{topic}': channel({}) }, log: silentLogger });
  onTestFinished(() => app.close(0));
  const { url } = await app.listen(0, { api: { keys: apiKey } });
  const headers = { 'X-API-Key': apiKey, traceparent };
  const { status } = await postTo(`${url}/api/publish`, { channel: 'news:today', data: 1 }, headers);
  expect(status).toBe(200);
  expect(spans.all()).toEqual([]);
});

test('anything but true or false is refused', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what JavaScript may pass
  expect(() => fanfare({ tracing: 'yes' as any })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});
