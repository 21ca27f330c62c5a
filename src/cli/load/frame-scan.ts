/**
 * Reads a frame at almost no cost: in lines that are publications of a load only the mark is looked at, and the others,
 * which are few, are passed on as text.
 */

import { markByte, markBytes } from './mark.js';

export interface ScannedFrame {
  /** @param at where the mark begins */
  onMark(frame: Buffer, at: number): void;
  /** A reply, a ping (`{}`) or another push. */
  onLine(line: string): void;
}

const newline = 0x0a;

/** Most publications end within these, and a call of `indexOf` costs as much as looking at so many. */
const nearBytes = 256;

/** @param bytes contain, from `from` to `to`, one message or several, a line each */
export function scanFrame(bytes: Buffer, from: number, to: number, found: ScannedFrame): void {
  let line = from;
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (byte === markByte && at + markBytes <= to) {
      found.onMark(bytes, at);
      at = endOfLine(bytes, at + markBytes, to);
      line = at + 1;
    } else if (byte === newline) {
      if (at > line) found.onLine(bytes.toString('utf8', line, at));
      line = at + 1;
    }
  }
  if (line < to) found.onLine(bytes.toString('utf8', line, to));
}

function endOfLine(bytes: Buffer, from: number, to: number): number {
  const near = Math.min(to, from + nearBytes);
  for (let at = from; at < near; at++) if (bytes[at] === newline) return at;
  const end = bytes.subarray(near, to).indexOf(newline);
  return end < 0 ? to : near + end;
}
