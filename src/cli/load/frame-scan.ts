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

/** @param frame one message or several, a line each */
export function scanFrame(frame: Buffer, to: ScannedFrame): void {
  let line = 0;
  while (line < frame.length) {
    const mark = frame.indexOf(markByte, line);
    if (mark < 0 || mark + markBytes > frame.length) {
      passLines(frame, line, frame.length, to);
      return;
    }
    const before = frame.lastIndexOf(newline, mark);
    if (before >= line) passLines(frame, line, before, to);
    to.onMark(frame, mark);
    const end = frame.indexOf(newline, mark + markBytes);
    if (end < 0) return;
    line = end + 1;
  }
}

function passLines(frame: Buffer, from: number, end: number, to: ScannedFrame): void {
  for (const line of frame.toString('utf8', from, end).split('\n')) if (line !== '') to.onLine(line);
}
