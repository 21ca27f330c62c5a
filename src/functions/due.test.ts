import { expect, test } from 'vitest';
import { limitsWithDefaults } from '../engine/ports/limits.js';
import type { ConnectionState } from './connection-state.js';
import { dueAtMs } from './due.js';
import { defaultTimes } from './function-times.js';

const ports = { limits: limitsWithDefaults({}), times: defaultTimes };

function connected(present: boolean): ConnectionState {
  const subscription = {
    channel: 'chat:a',
    rule: 'chat:{n}',
    serverSide: false,
    joinLeave: false,
    clientRefresh: false,
  };
  return {
    endpoint: '',
    client: 'c',
    handshake: { headers: {}, url: '/', remoteAddress: '' },
    beganAtMs: 1_000,
    pingedAtMs: 2_000,
    phase: 'connected',
    session: {
      client: 'c',
      refreshable: false,
      identity: { user: 'ann' },
      subscriptions: [{ ...subscription, grant: {}, ...(present && { present }) }],
    },
  };
}

test('who is present is looked at after a time since the last look, however often it is visited', () => {
  expect(dueAtMs(ports, connected(true))).toBe(2_000 + defaultTimes.presenceCheckMs);
  expect(dueAtMs(ports, { ...connected(true), checkedAtMs: 90_000 })).toBe(90_000 + defaultTimes.presenceCheckMs);
});

test('who is not present is looked at when its ping is due', () => {
  expect(dueAtMs(ports, connected(false))).toBe(2_000 + defaultTimes.pingMs);
});

test('who has not connected is looked at when it has to have', () => {
  const { session: _, ...state } = connected(false);
  expect(dueAtMs(ports, { ...state, phase: 'new' })).toBe(1_000 + ports.limits.connectTimeoutMs);
});

test('a token that had expired a moment before its client was let in leaves time for another', () => {
  const { expiredGraceMs } = ports.limits;
  const { session, ...state } = connected(false);
  const lateBy = (expiredMs: number) => {
    const identity = { user: 'ann', expiresAtMs: 1_000_000 - expiredMs };
    const record = session && { ...session, identity, refreshable: true, connectedAtMs: 1_000_000 };
    return dueAtMs(ports, { ...state, pingedAtMs: 1_000_000, ...(record && { session: record }) });
  };
  expect(lateBy(0)).toBe(1_000_000 + expiredGraceMs);
  expect(lateBy(expiredGraceMs)).toBe(1_000_000 + 5_000);
});
