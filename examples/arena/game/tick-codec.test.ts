/** Ticks as bytes: golden ones in both directions, every truncation, and what is no tick. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arenaHeight, arenaWidth, maxShips } from './rules.js';
import type { ShipState, Tick } from './tick.js';
import { decodeTick, encodeTick } from './tick-codec.js';

const ship: ShipState = {
  slot: 3,
  shields: 2,
  isAlive: true,
  isThrusting: true,
  isAway: false,
  isSafe: true,
  ack: 0x0a0b,
  x: 100.5,
  y: 2_000,
  vx: -1.5,
  vy: 430,
  angle: Math.PI / 2,
};

const tick: Tick = {
  number: 258,
  seed: 0x01020304,
  gems: [7, 255],
  ships: [ship],
  shots: [{ id: 513, slot: 3, x: 1, y: 2, angle: 0 }],
};

const golden = Uint8Array.from(
  Buffer.from(
    [
      '01',
      '00000102',
      '01020304',
      '02',
      '07ff',
      '01',
      '032e0a0b',
      '06487d00',
      'ffd035c0',
      '4000',
      '0001',
      '0201030010',
      '00200000',
    ].join(''),
    'hex',
  ),
);

describe('the codec of ticks', () => {
  it('writes and reads these bytes', () => {
    expect(Buffer.from(encodeTick(tick)).toString('hex')).toBe(Buffer.from(golden).toString('hex'));
    expect(decodeTick(golden)).toEqual(tick);
  });

  it('refuses every truncation, and bytes behind the end', () => {
    for (let length = 0; length < golden.length; length++)
      expect(decodeTick(golden.subarray(0, length))).toBeUndefined();
    expect(decodeTick(Uint8Array.of(...golden, 0))).toBeUndefined();
  });

  it('refuses another version, unknown flags, and more ships than a room has', () => {
    const changed = (at: number, value: number) => decodeTick(golden.with(at, value));
    expect(changed(0, 2)).toBeUndefined();
    expect(changed(14, 0x6e)).toBeUndefined();
    expect(changed(12, maxShips + 1)).toBeUndefined();
    expect(changed(9, 200)).toBeUndefined();
  });

  it('refuses whatever it has not written, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const read = decodeTick(bytes);
        if (read !== undefined) expect([...encodeTick(read)]).toEqual([...bytes]);
      }),
    );
  });

  it('reads what is within a slice of other bytes', () => {
    const larger = Uint8Array.of(9, 9, 9, ...golden);
    expect(decodeTick(larger.subarray(3))).toEqual(tick);
  });

  it('is exact to a sixteenth of a unit, and needs 14 bytes for a ship', () => {
    const places = fc.record({
      x: fc.double({ min: 0, max: arenaWidth, noNaN: true }),
      y: fc.double({ min: 0, max: arenaHeight, noNaN: true }),
      angle: fc.double({ min: 0, max: 6.28, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(places, { maxLength: maxShips }), (all) => {
        const ships = all.map((place, slot) => ({ ...ship, ...place, slot }));
        const bytes = encodeTick({ ...tick, ships, shots: [] });
        expect(bytes.length).toBe(9 + 1 + 2 + 1 + 14 * ships.length + 2);
        for (const [index, { x, y, angle }] of (decodeTick(bytes)?.ships ?? []).entries()) {
          expect(Math.abs(x - (ships[index]?.x ?? 0))).toBeLessThanOrEqual(1 / 32);
          expect(Math.abs(y - (ships[index]?.y ?? 0))).toBeLessThanOrEqual(1 / 32);
          expect(Math.abs(angle - (ships[index]?.angle ?? 0))).toBeLessThan(0.0001);
        }
      }),
      { numRuns: 50 },
    );
  });
});
