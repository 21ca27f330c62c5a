/** Clients without a token. */

import { describe, expect, test } from 'vitest';
import { attempt } from '../../../test/support/engine/connect-attempt.js';
import type { Authenticator } from '../ports/authenticator.js';
import { allowAnonymous, denyAll } from './anonymous.js';

/** As an application may write one: with state of its own and methods on its prototype. */
class Tokens implements Authenticator {
  readonly #user = '42';

  async connect() {
    return { ok: true, identity: { user: this.#user } } as const;
  }

  async refresh() {
    return { ok: true, identity: { user: this.#user } } as const;
  }

  async renew() {
    return { ok: true, identity: { user: this.#user } } as const;
  }

  async subscribe(token: string) {
    return { ok: true, identity: { expiresAtMs: Number(token) + Number(this.#user) } } as const;
  }
}

describe('allowAnonymous', () => {
  test('lets a client without a token in as nobody', async () => {
    for (const tokens of [undefined, new Tokens()]) {
      expect(await allowAnonymous(tokens).connect(attempt(undefined))).toEqual({ ok: true, identity: { user: '' } });
    }
  });

  test('refuses a token with 3500 when there is nothing to check it with: never anonymous instead', async () => {
    expect(await allowAnonymous(undefined).connect(attempt('forged'))).toMatchObject({ disconnect: { code: 3500 } });
    expect(await allowAnonymous(undefined).connect(attempt(''))).toMatchObject({ disconnect: { code: 3500 } });
  });

  test('passes tokens on, as they may be of nobody', async () => {
    expect(await allowAnonymous(new Tokens()).connect(attempt('t'))).toEqual({ ok: true, identity: { user: '42' } });
    const asked: (boolean | undefined)[] = [];
    const tokens: Authenticator = {
      async connect({ token, allowsNobody }) {
        asked.push(token === 't' && allowsNobody);
        return { ok: true, identity: { user: '' } };
      },
    };
    await allowAnonymous(tokens).connect(attempt('t'));
    expect(asked).toEqual([true]);
  });

  // A spread took own properties only: refresh and subscription tokens were refused for authenticators of a class.
  test('keeps what else the authenticator of tokens can do, also when it is an object of a class', async () => {
    const auth = allowAnonymous(new Tokens());
    const identity = { user: '42' };
    expect(await auth.refresh?.('t')).toEqual({ ok: true, identity });
    const client = { user: '', client: 'c', meta: undefined, transport: 't', handshake: attempt('').handshake };
    expect(await auth.renew?.(client)).toEqual({ ok: true, identity });
    expect(await auth.subscribe?.('8', 'channel', client)).toEqual({ ok: true, identity: { expiresAtMs: 50 } });
  });

  test('reads headers when the authenticator of tokens does, so that cookies need an origin', () => {
    for (const readsHeaders of [true, false]) {
      expect(allowAnonymous(Object.assign(new Tokens(), { readsHeaders })).readsHeaders).toBe(readsHeaders);
    }
    expect(allowAnonymous(new Tokens()).readsHeaders).toBeUndefined();
  });

  test('has nothing to refresh without tokens', () => {
    const { refresh, renew, subscribe } = allowAnonymous(undefined);
    expect([refresh, renew, subscribe]).toEqual([undefined, undefined, undefined]);
  });
});

test('denyAll refuses everyone with 3507', async () => {
  expect(await denyAll.connect(attempt(undefined))).toMatchObject({ ok: false, disconnect: { code: 3507 } });
  expect(await denyAll.connect(attempt('t'))).toMatchObject({ ok: false, disconnect: { code: 3507 } });
});

test('the log names the option that would let the client in', async () => {
  const lineOf = async (auth: Authenticator) => {
    const outcome = await auth.connect(attempt('t'));
    return outcome.ok ? undefined : outcome.why;
  };
  expect(await lineOf(allowAnonymous(undefined))).toEqual({
    check: 'token',
    key: 'no keys',
    fields: { option: 'token.secret' },
    message: expect.stringContaining('token.secret'),
  });
  expect(await lineOf(denyAll)).toEqual({
    check: 'auth',
    fields: { option: 'auth' },
    message: expect.stringMatching(/auth .*anonymous/),
  });
});
