import { describe, expect, it } from 'vitest';
import { chooseRoom } from './matchmaking.js';

const rooms = [
  { id: 'empty', players: 0 },
  { id: 'busy', players: 7 },
  { id: 'some', players: 3 },
  { id: 'full', players: 10 },
];
const capacity = 10;

describe('matchmaking', () => {
  it('fills rooms before it opens others', () => expect(chooseRoom(rooms, { capacity })).toBe('busy'));

  it('leaves out the rooms that have refused', () =>
    expect(chooseRoom(rooms, { capacity, refused: new Set(['busy', 'some']) })).toBe('empty'));

  it('gives the room that was asked for, which knows whether it keeps a place', () =>
    expect(chooseRoom(rooms, { capacity, room: 'full' })).toBe('full'));

  it('gives another one instead of a room that there is not, or that has refused', () => {
    expect(chooseRoom(rooms, { capacity, room: 'gone' })).toBe('busy');
    expect(chooseRoom(rooms, { capacity, room: 'full', refused: new Set(['full']) })).toBe('busy');
  });

  it('has none when all are full', () => {
    expect(chooseRoom([{ id: 'full', players: 10 }], { capacity })).toBeUndefined();
    expect(chooseRoom([], { capacity })).toBeUndefined();
  });
});
