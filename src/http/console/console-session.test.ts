import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../endpoint.js';
import { ConsoleSessions, sessionSec, setCookie } from './console-session.js';

function sessions() {
  const state = { passwords: ['first-Password-1'], nowMs: 1_700_000_000_000 };
  const made = new ConsoleSessions(
    () => state.passwords,
    () => state.nowMs,
  );
  return { state, made };
}

function request(cookie: string): HttpRequest {
  return { peer: '', headers: { cookie }, path: '/', query: '', readBody: async () => new Uint8Array() };
}

const withCookie = (value: string | undefined) => request(`a=b; fanfare_console=${value}; c=d`);

describe('ConsoleSessions', () => {
  it('begin with a password and last 12 hours', async () => {
    const { state, made } = sessions();
    const value = await made.begin('first-Password-1');
    expect(await made.has(withCookie(value))).toBe(true);
    state.nowMs += sessionSec * 1_000 - 1;
    expect(await made.has(withCookie(value))).toBe(true);
    state.nowMs += 1;
    expect(await made.has(withCookie(value))).toBe(false);
  });

  it('do not begin with another one', async () => {
    const { made } = sessions();
    for (const wrong of ['', 'first-Password-2', 'first-Password-1 ', 'first-Password']) {
      expect(await made.begin(wrong)).toBeUndefined();
    }
  });

  it('end with their password, and go on while it is one of several', async () => {
    const { state, made } = sessions();
    const value = await made.begin('first-Password-1');
    state.passwords = ['second-Password-2', 'first-Password-1'];
    expect(await made.has(withCookie(value))).toBe(true);
    state.passwords = ['second-Password-2'];
    expect(await made.has(withCookie(value))).toBe(false);
  });

  it('are known by whoever has the same password: another worker, another node', async () => {
    const value = await sessions().made.begin('first-Password-1');
    expect(await sessions().made.has(withCookie(value))).toBe(true);
  });

  it('are all different', async () => {
    const { made } = sessions();
    expect(await made.begin('first-Password-1')).not.toBe(await made.begin('first-Password-1'));
  });

  it.each(['', 'fanfare_console', 'fanfare_console=', 'fanfare_console=1.2.3', 'other_fanfare_console=x'])(
    'a cookie %o is none',
    async (cookie) => expect(await sessions().made.has(request(cookie))).toBe(false),
  );
});

it('setCookie keeps it from scripts, other sites and, over TLS, from plain connections', () => {
  expect(setCookie('x', true)).toBe(
    'fanfare_console=x; Path=/console; Max-Age=43200; HttpOnly; SameSite=Strict; Secure',
  );
  expect(setCookie(undefined, false)).toBe('fanfare_console=; Path=/console; Max-Age=0; HttpOnly; SameSite=Strict');
});
