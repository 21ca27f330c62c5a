import { describe, expect, it } from 'vitest';
import { roomNameOf, roomOfHash } from './memory.js';
import { cleanName, readMember, readMessage } from './messages.js';

const info = { client: 'abcdef', chanInfo: { name: 'Ada' } };

describe('readMessage', () => {
  it('reads what this page sends, with the name that the server vouches for', () => {
    const data = { text: 'hi', id: 'x', sentAtMs: 5, name: 'somebody else' };
    expect(readMessage({ data, offset: 3, info })).toEqual({
      text: 'hi',
      id: 'x',
      sentAtMs: 5,
      offset: 3,
      author: { client: 'abcdef', name: 'Ada' },
    });
  });

  it('takes the name in a message only where the server knows none', () => {
    const data = { text: 'hi', name: 'Bot' };
    expect(readMessage({ data, info: { client: 'abcdef' } }).author).toEqual({ client: 'abcdef', name: 'Bot' });
    expect(readMessage({ data }).author).toEqual({ client: '', name: 'Bot' });
    expect(readMessage({ data: { text: 'hi' } }).author.name).toBe('Server');
  });

  it.each([[null], ['text'], [[1]], [{ text: 5 }], [7]])('shows %j as JSON', (data) => {
    expect(readMessage({ data }).text).toBe(JSON.stringify(data));
  });

  it('leaves out ids and times that are none', () => {
    const data = { text: 'hi', id: 7, sentAtMs: -1 };
    expect(readMessage({ data })).toEqual({ text: 'hi', offset: 0, author: { client: '', name: 'Server' } });
  });
});

it('calls members without a name by the beginning of their id', () => {
  expect(readMember({ client: 'abcdef', chanInfo: { name: ' \u202e ' } }).name).toBe('Guest abcd');
  expect(readMember({ client: 'abcdef', chanInfo: 'Ada' }).name).toBe('Guest abcd');
});

it('cleans names of controls, marks that reorder text, and length', () => {
  expect(cleanName('  Ada\n\u202eLovelace\u0000 ')).toBe('Ada Lovelace');
  expect(cleanName(`${'x'.repeat(39)}😀`)).toBe('x'.repeat(39));
  expect(cleanName('👩‍💻')).toBe('👩‍💻');
  expect(cleanName('Ada \t Lovelace')).toBe('Ada Lovelace');
  expect(cleanName('x'.repeat(60))).toHaveLength(40);
});

it('makes one room name of what people type', () => {
  expect(roomNameOf(' #My Room: two ')).toBe('my-room-two');
  expect(roomNameOf('\u202e\u0007')).toBe('');
  expect(roomNameOf('Caf\u0065\u0301')).toBe('caf\u00e9');
  expect(roomNameOf('r'.repeat(99))).toHaveLength(40);
});

it('finds the room in the address, and the lobby where there is none', () => {
  expect(roomOfHash('#lobby')).toBe('lobby');
  expect(roomOfHash('#caf%C3%A9')).toBe('café');
  expect(roomOfHash('')).toBe('lobby');
  expect(roomOfHash('#%')).toBe('lobby');
});
