/**
 * Ticks as bytes, big-endian: 14 for a ship, 9 for a shot, so that ten ships that fire are some 300. Places are in
 * sixteenths, speeds in thirty-seconds of a unit, angles in 65,536ths of a turn.
 *
 *     version u8 · number u32 · seed u32
 *     gems u8 · each: generation u8
 *     ships u8 · each: slot u8, flags u8, ack u16, x u16, y u16, vx i16, vy i16, angle u16
 *     shots u16 · each: id u16, slot u8, x u16, y u16, angle u16
 */

import { fullTurn } from './motion.js';
import { maxShips } from './rules.js';
import type { ShipState, ShotState, Tick } from './tick.js';

const version = 1;
const headBytes = 1 + 4 + 4;
const shipBytes = 14;
const shotBytes = 9;
const placeScale = 16;
const speedScale = 32;
const angleScale = 65_536 / fullTurn;

const flags = { shields: 3, alive: 4, thrusting: 8, away: 16, safe: 32 } as const;
const allFlags = 63;

/** @throws RangeError for more ships or shots than a room can have: a bug of the caller */
export function encodeTick({ number, seed, gems, ships, shots }: Tick): Uint8Array {
  if (ships.length > maxShips || gems.length > 255 || shots.length > 65_535)
    throw new RangeError('too much for a tick');
  const length = headBytes + 1 + gems.length + 1 + ships.length * shipBytes + 2 + shots.length * shotBytes;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint32(1, number);
  view.setUint32(5, seed);
  let at = headBytes;
  view.setUint8(at++, gems.length);
  bytes.set(gems, at);
  at += gems.length;
  view.setUint8(at++, ships.length);
  for (const ship of ships) {
    view.setUint8(at, ship.slot);
    view.setUint8(at + 1, flagsOf(ship));
    view.setUint16(at + 2, ship.ack);
    view.setUint16(at + 4, Math.round(ship.x * placeScale));
    view.setUint16(at + 6, Math.round(ship.y * placeScale));
    view.setInt16(at + 8, Math.round(ship.vx * speedScale));
    view.setInt16(at + 10, Math.round(ship.vy * speedScale));
    view.setUint16(at + 12, Math.round(ship.angle * angleScale) & 0xffff);
    at += shipBytes;
  }
  view.setUint16(at, shots.length);
  at += 2;
  for (const shot of shots) {
    view.setUint16(at, shot.id);
    view.setUint8(at + 2, shot.slot);
    view.setUint16(at + 3, Math.round(shot.x * placeScale));
    view.setUint16(at + 5, Math.round(shot.y * placeScale));
    view.setUint16(at + 7, Math.round(shot.angle * angleScale) & 0xffff);
    at += shotBytes;
  }
  return bytes;
}

/** `undefined` for whatever {@link encodeTick} has not made: another version, too short, too long, unknown flags. */
export function decodeTick(bytes: Uint8Array): Tick | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headBytes + 4 || view.getUint8(0) !== version) return undefined;
  let at = headBytes;
  const numGems = view.getUint8(at++);
  if (bytes.length < at + numGems + 3) return undefined;
  const gems = [...bytes.subarray(at, at + numGems)];
  at += numGems;
  const numShips = view.getUint8(at++);
  if (numShips > maxShips || bytes.length < at + numShips * shipBytes + 2) return undefined;
  const ships: ShipState[] = [];
  for (let index = 0; index < numShips; index++, at += shipBytes) {
    if (view.getUint8(at + 1) > allFlags) return undefined;
    ships.push(shipAt(view, at));
  }
  const numShots = view.getUint16(at);
  at += 2;
  if (bytes.length !== at + numShots * shotBytes) return undefined;
  const shots: ShotState[] = [];
  for (let index = 0; index < numShots; index++, at += shotBytes) {
    shots.push({
      id: view.getUint16(at),
      slot: view.getUint8(at + 2),
      x: view.getUint16(at + 3) / placeScale,
      y: view.getUint16(at + 5) / placeScale,
      angle: view.getUint16(at + 7) / angleScale,
    });
  }
  return { number: view.getUint32(1), seed: view.getUint32(5), gems, ships, shots };
}

function shipAt(view: DataView, at: number): ShipState {
  const bits = view.getUint8(at + 1);
  return {
    slot: view.getUint8(at),
    shields: bits & flags.shields,
    isAlive: (bits & flags.alive) !== 0,
    isThrusting: (bits & flags.thrusting) !== 0,
    isAway: (bits & flags.away) !== 0,
    isSafe: (bits & flags.safe) !== 0,
    ack: view.getUint16(at + 2),
    x: view.getUint16(at + 4) / placeScale,
    y: view.getUint16(at + 6) / placeScale,
    vx: view.getInt16(at + 8) / speedScale,
    vy: view.getInt16(at + 10) / speedScale,
    angle: view.getUint16(at + 12) / angleScale,
  };
}

function flagsOf({ shields, isAlive, isThrusting, isAway, isSafe }: ShipState): number {
  return (
    shields |
    (isAlive ? flags.alive : 0) |
    (isThrusting ? flags.thrusting : 0) |
    (isAway ? flags.away : 0) |
    (isSafe ? flags.safe : 0)
  );
}
