/** A one-way request that is refused leaves one line, which says what was checked and which option would change it. */

import { once } from 'node:events';
import { channel, fanfare } from 'fanfare';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

async function refused(path: string, token?: string) {
  const log = new RecordedLog();
  const app = fanfare({
    auth: ({ token }) =>
      token === 'nobody' ? null : { user: token ?? null, channels: token === 'team' ? ['team'] : [] },
    channels: { team: channel({ subscribe: 'nobody' }) },
    transports: { oneWay: true },
    log,
  });
  const { url } = await served(app);
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const status = await (path.startsWith('/ws') ? closeCode : statusOf)(`${url}${path}`, headers);
  return { status, lines: log.told.filter(({ check }) => check !== undefined) };
}

async function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(url, { headers });
  await response.text();
  return response.status;
}

async function closeCode(url: string, headers: Record<string, string>): Promise<number> {
  const [code] = await once(new WebSocket(url.replace('http', 'ws'), { headers }), 'close');
  return code;
}

const ofRule = { check: 'permission', code: 103, channel: 'team', option: 'channels → team → subscribe' };

test.each(['/sse', '/stream'])('%s', async (path) => {
  expect(await refused(`${path}?channels=team`)).toMatchObject({ status: 403, lines: [ofRule] });
  expect(await refused(`${path}?channels=nothing`)).toMatchObject({
    status: 404,
    lines: [{ check: 'channel', code: 102 }],
  });
  expect(await refused(path)).toMatchObject({ status: 400, lines: [{ check: 'channels', code: 107 }] });
  expect(await refused(`${path}?channels=team`, 'nobody')).toMatchObject({
    status: 401,
    lines: [{ check: 'auth function', code: 3500, option: 'auth' }],
  });
});

test('/ws', async () => {
  expect(await refused('/ws?channels=team')).toMatchObject({ status: 3507, lines: [ofRule] });
  expect(await refused('/ws?channels=nothing')).toMatchObject({
    status: 3507,
    lines: [{ check: 'channel', code: 102 }],
  });
  expect(await refused('/ws')).toMatchObject({ status: 3501, lines: [{ check: 'channels' }] });
  expect(await refused('/ws?channels=team', 'nobody')).toMatchObject({
    status: 3500,
    lines: [{ check: 'auth function', code: 3500, option: 'auth' }],
  });
});
