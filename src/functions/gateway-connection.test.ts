import { expect, test } from 'vitest';
import { disconnectCodes } from '../model/codes.js';
import type { Gateway, PostOutcome } from './gateway.js';
import { GatewayConnection } from './gateway-connection.js';

/** Answers each post in turn, then `sent`. */
function made(outcomes: PostOutcome[] = [], leaseEndsAtMs = () => 1_000) {
  const calls: string[] = [];
  const gateway: Gateway = {
    async post(endpoint, id, message) {
      calls.push(`${endpoint} ${id} ${Buffer.from(message)}`);
      await new Promise((resolve) => setImmediate(resolve));
      return outcomes.shift() ?? 'sent';
    },
    isOpen: async () => true,
    async close(endpoint, id) {
      calls.push(`${endpoint} ${id} closed`);
    },
  };
  const clock = { nowMs: () => 0, wallMs: () => 0, schedule: () => () => undefined, afterTurn: () => undefined };
  const connection = new GatewayConnection({ gateway, clock, endpoint: 'e', id: 'c', leaseEndsAtMs });
  return { connection, calls };
}

test('messages are posted one after the other, in order', async () => {
  const { connection, calls } = made();
  connection.write(Buffer.from('{"a":1}'));
  connection.write(Buffer.from('{"b":2}'));
  expect(connection.bufferedBytes).toBe(14);
  expect(calls).toEqual([]);
  await connection.sent();
  expect(calls).toEqual(['e c {"a":1}', 'e c {"b":2}']);
  expect([connection.bufferedBytes, connection.fate]).toEqual([0, 'open']);
});

test('the reason of a close is the last message, then the gateway closes', async () => {
  const { connection, calls } = made();
  connection.write(Buffer.from('{}'));
  connection.close(disconnectCodes.forceReconnect);
  connection.close(disconnectCodes.shutdown);
  connection.write(Buffer.from('late'));
  await connection.sent();
  expect(calls).toEqual([
    'e c {}',
    'e c {"push":{"disconnect":{"code":3011,"reason":"force reconnect"}}}',
    'e c closed',
  ]);
  expect(connection.fate).toBe('closed');
});

test.each([
  ['gone', 'gone'],
  ['unknown', 'lost'],
] as const)('after an answer %s nothing more is posted', async (outcome, fate) => {
  const { connection, calls } = made(['sent', outcome]);
  for (const text of ['1', '2', '3']) connection.write(Buffer.from(text));
  await connection.sent();
  expect(calls).toEqual(['e c 1', 'e c 2']);
  expect([connection.fate, connection.bufferedBytes]).toEqual([fate, 0]);
});

test('nothing is posted when the lease is over, or what the gateway would refuse', async () => {
  const late = made([], () => 0);
  late.connection.write(Buffer.from('1'));
  await late.connection.sent();
  expect([late.calls, late.connection.fate]).toEqual([[], 'lost']);
  const large = made();
  large.connection.write(Buffer.from(`"${'x'.repeat(131_072)}"`));
  await large.connection.sent();
  expect([large.calls, large.connection.fate]).toEqual([[], 'lost']);
});
