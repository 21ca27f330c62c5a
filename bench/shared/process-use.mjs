// @ts-check
/** What a process uses, as reported by Linux: in the same way for servers in every language. */
import { readFileSync } from 'node:fs';

/** Ticks of /proc per second (USER_HZ). */
const TICKS_PER_SEC = 100;

/**
 * CPU of a process with all its threads; 0 without /proc.
 * @param {number} pid
 */
export function cpuUsOf(pid) {
  if (process.platform !== 'linux') return 0;
  // The program's name, in parentheses, may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SEC;
}

/**
 * Resident memory of a process; 0 without /proc.
 * @param {number} pid
 */
export function residentBytesOf(pid) {
  if (process.platform !== 'linux') return 0;
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return 1024 * Number(kib);
}
