/** Reads small text files: never more than a limit, and only UTF-8. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeUtf8 } from '../model/utf8.js';

export type FileOutcome =
  | { readonly ok: true; readonly text: string; readonly othersMayRead: boolean }
  | { readonly ok: false; readonly message: string };

/** Permission bit of others, neither owner nor group. */
const othersRead = 0o004;

export function readTextFile(path: string, maxBytes: number): FileOutcome {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stats = fstatSync(file);
    if (!stats.isFile()) return { ok: false, message: 'is not a file' };
    if (stats.size > maxBytes) return { ok: false, message: `is larger than ${maxBytes} bytes` };
    const text = decodeUtf8(readUpTo(file, maxBytes + 1));
    if (text === undefined) return { ok: false, message: 'is not UTF-8' };
    // Windows has no such bits; what it reports is meaningless.
    const othersMayRead = process.platform !== 'win32' && (stats.mode & othersRead) !== 0;
    return { ok: true, text, othersMayRead };
  } catch (error) {
    return { ok: false, message: unreadable(path, codeOf(error)) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readUpTo(file: number, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes);
  let length = 0;
  for (;;) {
    const read = readSync(file, buffer, length, maxBytes - length, null);
    length += read;
    if (read === 0 || length === maxBytes) return buffer.subarray(0, length);
  }
}

/** Relative paths are the usual reason, so the message has the absolute path. */
function unreadable(path: string, code: string): string {
  if (code === 'ENOENT') return `cannot be read: there is no file ${resolve(path)}`;
  if (code === 'EACCES') return `cannot be read: this user may not read ${resolve(path)}`;
  return `cannot be read (${code})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
