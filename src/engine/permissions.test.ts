/** Who may do what: by name and by function. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../test/support/channel-name.js';
import { channel as declare } from './channel-options.js';
import { type Asker, isAllowed, isAllowedByName, permissionContext } from './permissions.js';
import { ChannelRules } from './rules.js';

const channel = channelName('chat:lobby');
const match = new ChannelRules({ 'chat:{room}': declare() }, { name: 'none' }, { maxMessageBytes: 10 }).match(channel);

function asker(user: string, subscribed = false): Asker {
  return { user, client: 'client-1', meta: { role: 'admin' }, isSubscribed: (name) => subscribed && name === channel };
}

function contextOf(one: Asker) {
  if (match === undefined) throw new Error('no rule');
  return permissionContext(one, channel, match);
}

describe('by name', () => {
  const anonymous = asker('');
  const user = asker('u');
  const subscriber = asker('', true);

  test.each([
    ['anyone', anonymous, true],
    ['anyone', user, true],
    ['user', anonymous, false],
    ['user', user, true],
    ['user', subscriber, false],
    ['subscriber', user, false],
    ['subscriber', subscriber, true],
    ['nobody', user, false],
    ['nobody', subscriber, false],
  ] as const)('%s', async (permission, one, expected) => {
    expect(isAllowedByName(permission, one, channel)).toBe(expected);
    expect(await isAllowed(permission, one, channel, () => contextOf(one))).toBe(expected);
  });
});

describe('by function', () => {
  const ask = (answer: unknown) =>
    isAllowed(
      () => answer,
      asker('u'),
      channel,
      () => contextOf(asker('u')),
    );

  test.each([true, Promise.resolve(true)])('true is yes: %s', async (answer) => {
    expect(await ask(answer)).toBe(true);
  });

  test.each([false, undefined, null, 0, 1, 'yes', {}, [], Promise.resolve(1), Promise.resolve()])(
    'everything else is no: %s',
    async (answer) => {
      expect(await ask(answer)).toBe(false);
    },
  );

  test('what it throws is not a yes', async () => {
    const fails = async () => {
      throw new Error('database is away');
    };
    await expect(isAllowed(fails, asker('u'), channel, () => contextOf(asker('u')))).rejects.toThrow('database');
  });

  test('is told who asks, for which channel, and what its placeholders stand for', () => {
    const { params, ...rest } = contextOf(asker('u'));
    expect(rest).toEqual({ user: 'u', client: 'client-1', channel: 'chat:lobby', meta: { role: 'admin' } });
    expect({ ...params }).toEqual({ room: 'lobby' });
  });

  test('an anonymous connection has the user null', () => {
    expect(contextOf(asker('')).user).toBeNull();
  });
});
