// @ts-check
/** What a process uses, as reported by Linux: in the same way for servers in every language. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of /proc per second (USER_HZ). */
const TICKS_PER_SEC = 100;

/**
 * CPU of a process with all its threads, in microseconds; 0 without /proc. In steps of 10 ms where the kernel has no
 * /proc/PID/schedstat; where it has, a thread that has ended does not count any more.
 * @param {number} pid
 */
export function cpuUsOf(pid) {
  if (process.platform !== 'linux') return 0;
  return threadsUsOf(pid) ?? ticksUsOf(pid);
}

/**
 * Exact for threads that wait; `undefined` if the kernel does not say.
 * @param {number} pid
 */
function threadsUsOf(pid) {
  const folder = `/proc/${pid}/task`;
  let sumNs = 0;
  for (const thread of readdirSync(folder)) {
    const used = textOf(`${folder}/${thread}/schedstat`)?.split(' ')[0];
    // A thread may end while they are read.
    if (used !== undefined) sumNs += Number(used);
  }
  return sumNs > 0 ? sumNs / 1e3 : undefined;
}

/** @param {number} pid */
function ticksUsOf(pid) {
  // The program's name, in parentheses, may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SEC;
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
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
