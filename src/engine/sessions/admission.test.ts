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
