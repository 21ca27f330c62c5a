/** Which connections are admitted when there are many. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Admission } from './admission.js';

const unlimited = { maxConnections: 0, maxConnectionsPerAddress: 0, connectsPerSec: 0, connectBurst: 0 };

function setup(limits: Partial<typeof unlimited> = {}) {
  const clock = new FakeClock();
  return { clock, admission: new Admission(clock, { ...unlimited, ...limits }) };
}

/** One client that tries to connect. */
function connect(admission: Admission, address = '192.0.2.1') {
  const rejection = admission.check(address);
  if (rejection === undefined) admission.opened(address);
  return rejection?.reason;
}

const connectAll = (admission: Admission, ...addresses: string[]) =>
  addresses.map((address) => connect(admission, address));

describe('admission', () => {
  test('limits of 0 let everybody in', () => {
    const { admission } = setup();
    for (let i = 0; i < 10_000; i++) expect(connect(admission)).toBeUndefined();
  });

  test('lets in as many as may be open, and the next one when one has gone', () => {
    const { admission } = setup({ maxConnections: 2 });
    expect(connectAll(admission, 'a', 'b', 'c')).toEqual([undefined, undefined, 'connections']);
    admission.closed('a');
    expect(connect(admission, 'c')).toBeUndefined();
  });

  test('knows how many of an address are left when some have gone', () => {
    const { admission } = setup({ maxConnectionsPerAddress: 2 });
    expect(connectAll(admission, 'a', 'a', 'a')).toEqual([undefined, undefined, 'connections-per-address']);
    admission.closed('a');
    expect(connectAll(admission, 'a', 'a')).toEqual([undefined, 'connections-per-address']);
    admission.closed('a');
    admission.closed('a');
    expect(connectAll(admission, 'a', 'a', 'a')).toEqual([undefined, undefined, 'connections-per-address']);
  });

  test('limits each address by itself', () => {
    const { admission } = setup({ maxConnectionsPerAddress: 1 });
    expect(connectAll(admission, 'a', 'a', 'b')).toEqual([undefined, 'connections-per-address', undefined]);
    admission.closed('a');
    expect(connect(admission, 'a')).toBeUndefined();
  });

  test('D9: says in how many seconds to try again, and counts by reason', () => {
    const { admission } = setup({ maxConnections: 1, connectsPerSec: 1, connectBurst: 1 });
    connect(admission);
    expect(admission.check('a')).toEqual({ reason: 'connections', retryAfterSec: 10 });
    admission.closed('192.0.2.1');
    expect(admission.check('a')).toEqual({ reason: 'connects-per-second', retryAfterSec: 1 });
    expect(admission.rejections).toEqual({ connections: 1, 'connections-per-address': 0, 'connects-per-second': 1 });
  });

  // Rejected attempts once counted against the rate: during a storm of retries no client was admitted again.
  test('F10: while ten times as many try as may, the rate is let in every second', async () => {
    const { clock, admission } = setup({ connectsPerSec: 100, connectBurst: 100 });
    const perSecond: number[] = [];
    for (let second = 0; second < 10; second++) {
      let admitted = 0;
      for (let i = 0; i < 1_000; i++) {
        if (connect(admission) === undefined) admitted++;
        await clock.advance(1);
      }
      perSecond.push(admitted);
    }
    expect(perSecond[0]).toBeLessThanOrEqual(200);
    for (const admitted of perSecond.slice(1)) expect(Math.abs(admitted - 100)).toBeLessThanOrEqual(1);
  });

  test('whoever is turned away for its address takes nothing from the rate of the others', () => {
    const { admission } = setup({ maxConnectionsPerAddress: 1, connectsPerSec: 1, connectBurst: 2 });
    connect(admission, 'a');
    for (let i = 0; i < 100; i++) connect(admission, 'a');
    expect(connect(admission, 'b')).toBeUndefined();
  });

  test('G11: forgets an address whose connections are closed', () => {
    const { admission } = setup({ maxConnectionsPerAddress: 1 });
    for (let round = 0; round < 3; round++) {
      expect(connect(admission, 'a')).toBeUndefined();
      admission.closed('a');
    }
    expect(connect(admission, 'a')).toBeUndefined();
  });
});

describe('limits that change', () => {
  const openFrom = (...addresses: string[]) => addresses.map((remoteAddress) => ({ handshake: { remoteAddress } }));

  /** Changes them as the engine does: in place, then with a word of what they were. */
  function change(from: Partial<typeof unlimited>, to: Partial<typeof unlimited>, open: readonly string[] = []) {
    const clock = new FakeClock();
    const limits = { ...unlimited, ...from };
    const admission = new Admission(clock, limits);
    connectAll(admission, ...open);
    const before = { ...limits };
    Object.assign(limits, to);
    admission.limitsChanged(before, openFrom(...open));
    return { clock, limits, admission };
  }

  test.each([
    [{ connectsPerSec: 1, connectBurst: 1 }, { connectBurst: 2 }, 2],
    [{ connectsPerSec: 1, connectBurst: 1 }, { connectsPerSec: 2 }, 1],
    [{ connectsPerSec: 1, connectBurst: 1 }, { connectsPerSec: 0 }, 3],
    [{}, { connectsPerSec: 1, connectBurst: 2 }, 2],
  ])('a rate of %o that becomes %o is at once that, with a new burst', (from, to, expected) => {
    const { admission } = change(from, to, ['a', 'b']);
    const admitted = connectAll(admission, 'c', 'd', 'e').filter((reason) => reason === undefined);
    expect(admitted).toHaveLength(expected);
  });

  test('a rate that stays gives no new burst', () => {
    const { admission } = change({ connectsPerSec: 1, connectBurst: 2 }, { maxConnections: 10 }, ['a', 'b']);
    expect(connect(admission, 'c')).toBe('connects-per-second');
  });

  test('a rate begins full at the time of its change', async () => {
    const { clock, limits, admission } = change({ connectsPerSec: 1, connectBurst: 1 }, {});
    await clock.advance(60_000);
    const before = { ...limits };
    limits.connectBurst = 2;
    admission.limitsChanged(before, []);
    expect(connectAll(admission, 'a', 'b', 'c')).toEqual([undefined, undefined, 'connects-per-second']);
  });

  test('a limit for addresses that begins counts those who are there', () => {
    const { admission } = change({}, { maxConnectionsPerAddress: 2 }, ['a', 'a', 'b']);
    expect(connectAll(admission, 'a', 'b', 'b')).toEqual([
      'connections-per-address',
      undefined,
      'connections-per-address',
    ]);
  });

  test('a limit for addresses that is another keeps the count', () => {
    const { admission } = change({ maxConnectionsPerAddress: 1 }, { maxConnectionsPerAddress: 2 }, ['a']);
    expect(connectAll(admission, 'a', 'a')).toEqual([undefined, 'connections-per-address']);
  });

  test('a limit that stays keeps the count of connections that no longer know their address', () => {
    const { limits, admission } = change({ maxConnectionsPerAddress: 1 }, {}, ['a']);
    for (const maxConnectionsPerAddress of [2, 1]) {
      const before = { ...limits };
      Object.assign(limits, { maxConnectionsPerAddress });
      admission.limitsChanged(before, []);
    }
    expect(connect(admission, 'a')).toBe('connections-per-address');
  });

  test('a limit for addresses that ends and begins again counts from new', () => {
    const { limits, admission } = change({ maxConnectionsPerAddress: 1 }, { maxConnectionsPerAddress: 0 }, ['a']);
    expect(connectAll(admission, 'a', 'a')).toEqual([undefined, undefined]);
    for (let i = 0; i < 3; i++) admission.closed('a');
    const before = { ...limits };
    limits.maxConnectionsPerAddress = 1;
    admission.limitsChanged(before, []);
    expect(connectAll(admission, 'a', 'a')).toEqual([undefined, 'connections-per-address']);
  });

  test('who came before the count began and goes after it leaves no debt', () => {
    const { admission } = change({}, { maxConnectionsPerAddress: 1 }, []);
    admission.opened('a');
    admission.closed('a');
    admission.closed('a');
    expect(connectAll(admission, 'a', 'a')).toEqual([undefined, 'connections-per-address']);
  });
});

test('who leaves still admits; who drains is leaving too', () => {
  const { admission } = setup();
  const states = () => [admission.isLeaving, admission.isDraining];
  expect(states()).toEqual([false, false]);
  admission.leave();
  expect(states()).toEqual([true, false]);
  admission.drain();
  expect(states()).toEqual([true, true]);
  const other = setup().admission;
  other.drain();
  expect([other.isLeaving, other.isDraining]).toEqual([true, true]);
});
