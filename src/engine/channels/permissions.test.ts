/** Who may do what: by capability, by name and by function. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { errorCodes } from '../../model/codes.js';
import { parseSource } from '../../model/json-parse.js';
import { parseCapabilities } from '../names/capabilities.js';
import { type ChannelOptions, channel as declare } from './channel-options.js';
import { jsonBehindOf, withJsonBehind } from './json-behind.js';
import { type Asker, decide, decideByFunction, decideByName, permissionContext } from './permissions.js';
import type { Question } from './rule.js';
import { ChannelRules } from './rules.js';

const handshake = { headers: new Map([['cookie', 'a=1']]), url: '/', remoteAddress: '192.0.2.1' };
const why = expect.objectContaining({ check: 'permission' });
const denied = { ok: false, error: errorCodes.permissionDenied, why };
const granted = { ok: true };

function asker(user: string, more: Partial<Asker> = {}): Asker {
  const fixed = { client: 'client-1', meta: { role: 'admin' }, transport: 'websocket', handshake, capabilities: [] };
  return { user, ...fixed, isSubscribed: () => false, ...more };
}

function question(name: string, options: ChannelOptions = {}, action: Question['action'] = 'subscribe'): Question {
  const channel = channelName(name);
  const rule = new ChannelRules({ '{all*}': declare(options) }, { name: 'none' }, { maxMessageBytes: 10 }).match(
    channel,
  );
  if (rule === undefined) throw new Error('no rule');
  return { action, channel, rule };
}

function unused(): never {
  throw new Error('not to be asked');
}

describe('by name', () => {
  const anonymous = asker('');
  const user = asker('u');
  const subscriber = asker('', { isSubscribed: (name) => name === 'chat:lobby' });

  test.each([
    ['anyone', anonymous, granted],
    ['anyone', user, granted],
    ['user', anonymous, denied],
    ['user', user, granted],
    ['user', subscriber, denied],
    ['subscriber', user, denied],
    ['subscriber', subscriber, granted],
    ['nobody', user, denied],
    ['nobody', subscriber, denied],
  ] as const)('%s', async (permission, one, expected) => {
    expect(decideByName(permission, one, question('chat:lobby'))).toEqual(expected);
    expect(await decide(permission, one, question('chat:lobby'), unused)).toEqual(expected);
  });

  test('whoever is subscribed to another channel is no subscriber of this one', () => {
    expect(decideByName('subscriber', subscriber, question('chat:other'))).toEqual(denied);
  });

  test('tokens and functions are not decided by name', () => {
    expect(decideByName('token', user, question('c'))).toBeUndefined();
    expect(decideByName(unused, user, question('c'))).toBeUndefined();
  });
});

describe('by function', () => {
  const context = () => ({});
  const ask = (answer: unknown) => {
    // safe: a function written in JavaScript can return anything
    const permission = (() => answer) as () => boolean;
    return decide(permission, asker('u'), question('c'), context);
  };

  test.each([true, Promise.resolve(true)])('true is yes: %s', async (answer) => {
    expect(await ask(answer)).toEqual(granted);
  });

  const notTrue = [false, undefined, null, 0, 1, 'yes', Promise.resolve(1), Promise.resolve()];
  test.each(notTrue)('neither a no nor a value that is truthy by accident is a yes: %s', async (answer) =>
    expect(await ask(answer)).toEqual(denied),
  );

  test('a denial tells the client its own code', async () => {
    const expected = { ok: false, error: { code: 4_001, message: 'full', temporary: false }, why };
    expect(await ask({ error: { code: 4_001, message: 'full' } })).toEqual(expected);
    expect(await ask({ error: { code: 4_001, message: 'full', temporary: true } })).toMatchObject({
      error: { temporary: true },
    });
    expect(await ask({ disconnect: { code: 4_501, reason: 'banned' } })).toEqual({
      ok: false,
      disconnect: { code: 4_501, reason: 'banned' },
      why,
    });
  });

  // `{ error: 'not you' }` had neither code nor message, was no denial then, and so was taken for a grant.
  test.each([
    { error: 'not you' },
    { error: { code: 403 } },
    { error: { code: '403', message: 'not you' } },
    { error: { code: 1.5, message: 'not you' } },
    { error: { code: 0, message: 'not you' } },
    { error: undefined },
    { error: null },
    { error: 'code message' },
    { error: { code: 1_400, message: 1 } },
    { error: { code: Number.NaN, message: 'not you' } },
    { disconnect: null },
    { disconnect: { reason: 'banned' } },
    { disconnect: { code: '4501', reason: 'banned' } },
    { disconnect: true },
    { disconnect: { code: 4_501 } },
    { disconnect: { code: 1_000, reason: 'not a code of ours' } },
    { disconnect: { code: 5_000, reason: 'nobody has these' } },
    { disconnect: { code: 4_501, reason: 1 } },
  ])('a denial that is badly written is a no nevertheless: %o', async (answer) => {
    const permission = (() => answer) as unknown as () => boolean;
    expect(await decideByFunction(permission, {}, question('c'))).toEqual(denied);
    expect(await ask(answer)).toEqual(denied);
  });

  test('where only yes and no are possible, an object is no yes', async () => {
    expect(await ask({})).toEqual(denied);
    expect(await ask({ expiresAt: 5 })).toEqual(denied);
  });

  test('the ends of the codes', async () => {
    for (const code of [1, 65_535]) {
      expect(await ask({ error: { code, message: '' } })).toMatchObject({ error: { code } });
    }
    expect(await ask({ error: { code: 65_536, message: '' } })).toEqual(denied);
    for (const code of [3_000, 4_999]) {
      const expected = { ok: false, disconnect: { code, reason: '' }, why };
      expect(await ask({ disconnect: { code, reason: '' } })).toEqual(expected);
    }
    expect(await ask({ disconnect: { code: 2_999, reason: '' } })).toEqual(denied);
  });

  test('a grant is a yes with its conditions', async () => {
    expect(await decideByFunction(() => ({ expiresAt: 5 }), {}, question('c'))).toEqual({
      ok: true,
      grant: { expiresAt: 5 },
    });
  });

  test('what it throws is not a yes', async () => {
    const fails = async (): Promise<boolean> => {
      throw new Error('database is away');
    };
    await expect(decide(fails, asker('u'), question('c'), context)).rejects.toThrow('database');
  });

  test('is told who asks, for which channel, and what its placeholders stand for', () => {
    const { params, ...rest } = permissionContext(asker('u'), question('chat:lobby'));
    expect(rest).toEqual({
      user: 'u',
      client: 'client-1',
      channel: 'chat:lobby',
      meta: { role: 'admin' },
      transport: 'websocket',
      headers: handshake.headers,
      remoteAddress: '192.0.2.1',
    });
    expect({ ...params }).toEqual({ all: 'chat:lobby' });
  });

  test('and, behind its members, what authentication attached as text', () => {
    const meta = parseSource('{"role":"admin","n":1.0}');
    const context = permissionContext(withJsonBehind(asker('u'), { meta }), question('c'));
    expect(jsonBehindOf(context)).toEqual({ meta });
    expect(jsonBehindOf(permissionContext(asker('u'), question('c')))).toEqual({ meta: undefined });
  });

  test('an anonymous connection has the user null', () => {
    expect(permissionContext(asker(''), question('c')).user).toBeNull();
  });
});

describe('capabilities', () => {
  const capable = asker('u', {
    capabilities: parseCapabilities([{ channels: ['news:*'], match: 'wildcard', allow: ['sub', 'pub'] }]),
  });

  test.each([
    ['subscribe', 'news:a', granted],
    ['publish', 'news:a', granted],
    ['history', 'news:a', denied],
    ['presence', 'news:a', denied],
    ['subscribe', 'sports:a', denied],
  ] as const)('%s %s', (action, name, expected) => {
    expect(decideByName('nobody', capable, question(name, {}, action))).toEqual(expected);
  });

  test('that the token does not have allow nothing', () => {
    expect(decideByName('nobody', asker('u', { capabilities: undefined }), question('news:a'))).toEqual(denied);
  });

  test('make it needless to ask a function', async () => {
    expect(await decide(unused, capable, question('news:a'), unused)).toEqual(granted);
  });

  test('do not open channels that are limited to other users', () => {
    const wide = asker('u', {
      capabilities: parseCapabilities([{ channels: ['*'], match: 'wildcard', allow: ['sub'] }]),
    });
    expect(decideByName('nobody', wide, question('dialog#41,42', { userLimited: true }))).toEqual(denied);
  });
});

describe('channels that are limited to users', () => {
  const limited = { userLimited: true };

  test.each([
    ['41', 'dialog#41', granted],
    ['41', 'dialog#41,42', granted],
    ['42', 'dialog#41,42', granted],
    ['42', 'a#41#42', granted],
    ['41', 'a#41#42', denied],
    ['4', 'dialog#41,42', denied],
    ['41,42', 'dialog#41,42', denied],
    ['', 'dialog#41', denied],
    ['', 'dialog#', denied],
    ['', 'dialog#,41', denied],
    ['43', 'dialog#41,42', denied],
  ])('"%s" in "%s"', (user, name, expected) => {
    expect(decideByName('nobody', asker(user), question(name, limited))).toEqual(expected);
  });

  test('whoever is not named may not, whatever the permission', () => {
    for (const permission of ['anyone', 'user', 'subscriber', 'token', unused] as const) {
      expect(decideByName(permission, asker('43', { isSubscribed: () => true }), question('d#41', limited))).toEqual(
        denied,
      );
    }
  });

  test('being named lets a user subscribe and nothing else', () => {
    expect(decideByName('nobody', asker('41'), question('d#41', limited, 'publish'))).toEqual(denied);
    expect(decideByName('user', asker('41'), question('d#41', limited, 'publish'))).toEqual(granted);
  });

  test('a name without users is for no one in particular', () => {
    expect(decideByName('anyone', asker(''), question('dialog', limited))).toEqual(granted);
    expect(decideByName('nobody', asker('41'), question('dialog', limited))).toEqual(denied);
  });

  test('the sign means nothing where the rule does not say so', () => {
    expect(decideByName('anyone', asker('43'), question('dialog#41'))).toEqual(granted);
    expect(decideByName('nobody', asker('41'), question('dialog#41'))).toEqual(denied);
  });
});
