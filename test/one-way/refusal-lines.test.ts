/** A one-way request that is refused leaves one line, which says what was checked and which option would change it. */

import { channel, fanfare } from 'fanfare';
import { expect, test } from 'vitest';

async function refused(path: string, token?: string) {
  const lines: Record<string, unknown>[] = [];
  const tell = (fields: object) => void lines.push(fields as Record<string, unknown>);
  const app = fanfare({
    auth: ({ token }) =>
      token === 'nobody' ? null : { user: token ?? null, channels: token === 'team' ? ['team'] : [] },
    channels: { team: channel({ subscribe: 'nobody' }) },
    transports: { oneWay: true },
    log: { debug() {}, info: tell, warn: tell, error: tell },
  });
  const { url } = await app.listen(0);
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { headers });
  await response.text();
  await app.close(500);
  return { status: response.status, lines: lines.filter(({ peer }) => peer !== undefined) };
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

test('a channel that is granted is asked for when it is named, and the rule decides', async () => {
  expect(await refused('/stream?channels=team', 'team')).toMatchObject({ status: 403, lines: [ofRule] });
});
