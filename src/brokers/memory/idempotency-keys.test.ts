/** Idempotency keys, and how long they are known. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { idempotencyWindowMs } from '../../engine/ports/broker.js';
import { IdempotencyKeys } from './idempotency-keys.js';

const channel = channelName('c');
const published = { position: { offset: 1, epoch: 'e' }, duplicate: false };

describe('idempotency keys', () => {
  test('G6: are known for five minutes and not longer', () => {
    const keys = new IdempotencyKeys(10);
    keys.remember(channel, 'k', published, 1_000);
    expect(keys.find(channel, 'k', 1_000 + idempotencyWindowMs - 1)).toBe(published);
    expect(keys.find(channel, 'k', 1_000 + idempotencyWindowMs)).toBeUndefined();
    for (const _ of keys.sweep(1_000 + idempotencyWindowMs));
    expect(keys.size).toBe(0);
  });

  test('G6: belong to one channel, however channel and key are cut', () => {
    const keys = new IdempotencyKeys(10);
    keys.remember(channelName('a'), 'b\u0000c', published, 0);
    keys.remember(channelName('a:b'), 'c', published, 0);
    expect(keys.find(channelName('a'), 'b:c', 0)).toBeUndefined();
    expect(keys.find(channelName('a:b'), 'c\u0000', 0)).toBeUndefined();
    expect(keys.find(channelName('b'), 'c', 0)).toBeUndefined();
    expect(keys.find(channelName('a'), 'b\u0000c', 0)).toBe(published);
  });

  test('G11: tell when there is no room, until the oldest have gone', () => {
    const keys = new IdempotencyKeys(2);
    keys.remember(channel, 'a', published, 0);
    expect(keys.hasRoom(0)).toBe(true);
    keys.remember(channel, 'b', published, 100);
    expect(keys.hasRoom(idempotencyWindowMs - 1)).toBe(false);
    expect(keys.hasRoom(idempotencyWindowMs)).toBe(true);
    expect(keys.size).toBe(1);
  });

  test('a sweep drops what has expired and nothing else', () => {
    const keys = new IdempotencyKeys(10);
    for (let i = 0; i < 5; i++) keys.remember(channel, `${i}`, published, i * 1_000);
    for (const _ of keys.sweep(idempotencyWindowMs + 2_000));
    expect(keys.size).toBe(2);
    expect(keys.find(channel, '3', idempotencyWindowMs + 2_000)).toBe(published);
  });

  test('one that has expired and comes again is the newest', () => {
    const keys = new IdempotencyKeys(10);
    keys.remember(channel, 'k', published, 0);
    keys.remember(channel, 'k', published, idempotencyWindowMs);
    for (const _ of keys.sweep(idempotencyWindowMs + 1));
    expect(keys.find(channel, 'k', idempotencyWindowMs + 1)).toBe(published);
  });

  test('B43: are ordinary texts, whatever they are called', () => {
    const keys = new IdempotencyKeys(10);
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty']) {
      expect(keys.find(channel, key, 0)).toBeUndefined();
      keys.remember(channel, key, published, 0);
      expect(keys.find(channel, key, 0)).toBe(published);
    }
  });
});
