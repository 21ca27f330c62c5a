/** Offsets of Durable Streams: positions as opaque tokens whose order as texts is that of the stream. */

import type { Position } from '../../model/position.js';

/** Where a reader begins: before everything that is kept, behind everything that there is, or behind a position. */
export type ReadStart = 'beginning' | 'now' | Position;

const numDigits = 16;
const token = /^(\d{16})_([\w-]{0,128})$/;

export function writeOffset({ offset, epoch }: Position): string {
  return `${String(offset).padStart(numDigits, '0')}_${Buffer.from(epoch).toString('base64url')}`;
}

/** `undefined` for anything that is no offset. */
export function parseOffset(text: string): ReadStart | undefined {
  if (text === '-1') return 'beginning';
  if (text === 'now') return 'now';
  const [, digits, epoch] = token.exec(text) ?? [];
  if (digits === undefined || epoch === undefined) return undefined;
  const offset = Number(digits);
  return Number.isSafeInteger(offset) ? { offset, epoch: Buffer.from(epoch, 'base64url').toString() } : undefined;
}
