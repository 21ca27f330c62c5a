/** Authentication by a function of the application's. */

import { describe, expect, test } from 'vitest';
import { attempt as attemptWith } from '../../../test/support/engine/connect-attempt.js';
import { toJsonText } from '../../model/json-text.js';
import type { ConnectAttempt } from '../ports/authenticator.js';
import { type AuthFunction, type AuthRequest, authenticateBy } from './function-auth.js';

const headers = new Map([['cookie', 'session=1']]);

function attempt({ token, ...more }: Partial<ConnectAttempt> = {}): ConnectAttempt {
  const handshake = { headers, url: '/connection/websocket?a=1', remoteAddress: '192.0.2.1' };
  return attemptWith(token, { handshake, standIns: new Map([['x-claim', '1']]), ...more });
}

describe('authenticateBy', () => {
  test('tells the function what the client brought', async () => {
    const asked: AuthRequest[] = [];
    const auth = authenticateBy((request) => {
      asked.push(request);
      return null;
    });
    const data = toJsonText({ a: [1] });
    await auth.connect(attempt({ token: 't', ...(data !== undefined && { data }) }));
    await auth.connect(attempt());
    const standIns = new Map([['x-claim', '1']]);
    const fixed = { headers, standIns, url: '/connection/websocket?a=1', remoteAddress: '192.0.2.1' };
    expect(asked).toEqual([
      { token: 't', data: { a: [1] }, ...fixed },
      { token: undefined, data: undefined, ...fixed },
    ]);
  });

  test('a grant becomes an identity: seconds to milliseconds, values to JSON', async () => {
    const auth = authenticateBy(async () => ({
      user: '42',
      expiresAt: 100,
      info: { name: 'Ann' },
      meta: { role: 'admin' },
      data: [1],
      channels: ['news'],
    }));
    expect(await auth.connect(attempt())).toEqual({
      ok: true,
      identity: {
        user: '42',
        expiresAtMs: 100_000,
        info: '{"name":"Ann"}',
        meta: { role: 'admin' },
        data: '[1]',
        subscriptions: new Map([['news', {}]]),
      },
    });
  });

  test('a grant without more is a user without more', async () => {
    expect(await authenticateBy(() => ({ user: 'u' })).connect(attempt())).toEqual({
      ok: true,
      identity: { user: 'u' },
    });
  });

  test('the user null is an anonymous connection', async () => {
    expect(await authenticateBy(() => ({ user: null })).connect(attempt())).toEqual({
      ok: true,
      identity: { user: '' },
    });
  });

  test.each([null, undefined, false, true, 0, 'admin'])('%s lets nobody in: 3500', async (answer) => {
    // safe: a function written in JavaScript can return anything
    const decide = (() => answer) as unknown as AuthFunction;
    expect(await authenticateBy(decide).connect(attempt())).toMatchObject({ ok: false, disconnect: { code: 3500 } });
  });

  test('the log names the option, and does not warn: it is as the application wants it', async () => {
    const outcome = await authenticateBy(() => null).connect(attempt());
    const message = expect.stringContaining('function auth');
    const why = { check: 'auth function', fields: { option: 'auth' }, level: 'info', message };
    expect(outcome).toMatchObject({ why });
  });

  // An application wrote `({ user: session?.userId })`, and whoever had no session was let in as nobody.
  const leftovers = [
    {},
    { user: undefined },
    { error: 'no' },
    { error: { code: 'x' } },
    { user: '42', disconnect: true },
  ];
  test.each(leftovers)('what a lookup or a denial gone wrong leaves lets nobody in: %o', async (answer) => {
    const decide = (() => answer) as unknown as AuthFunction;
    expect(await authenticateBy(decide).connect(attempt())).toMatchObject({ ok: false, disconnect: { code: 3500 } });
  });

  test.each([42, true, ['42'], { id: 42 }])('a user that is no text is broken code: %o', async (user) => {
    const decide = (() => ({ user })) as unknown as AuthFunction;
    await expect(authenticateBy(decide).connect(attempt())).rejects.toThrow(TypeError);
  });

  test('a denial tells the client its own code', async () => {
    const deny = (denial: Awaited<ReturnType<AuthFunction>>) => authenticateBy(() => denial).connect(attempt());
    expect(await deny({ error: { code: 4_001, message: 'full' } })).toMatchObject({
      ok: false,
      error: { code: 4_001 },
    });
    expect(await deny({ disconnect: { code: 4_501, reason: 'banned' } })).toMatchObject({
      ok: false,
      disconnect: { code: 4_501, reason: 'banned' },
    });
  });

  test('what the function throws rises: it is broken code and no refusal', async () => {
    const auth = authenticateBy(async () => {
      throw new Error('database is away');
    });
    await expect(auth.connect(attempt())).rejects.toThrow('database is away');
  });

  test('info that JSON cannot carry rises as ERR_MESSAGE_INVALID', async () => {
    const auth = authenticateBy(() => ({ user: 'u', info: 1n }));
    await expect(auth.connect(attempt())).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
  });

  test('reads headers: cookies need an origin', () => expect(authenticateBy(() => null).readsHeaders).toBe(true));

  test('has no tokens to refresh or subscribe with', () => {
    const { refresh, subscribe } = authenticateBy(() => null);
    expect([refresh, subscribe]).toEqual([undefined, undefined]);
  });
});
