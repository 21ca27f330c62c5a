/** The machine's monotonic clock, which is the same for all of its processes. */

/** Microseconds. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1e3);
}

/** Whole milliseconds for a timer, which must not fire early. */
export function msUntil(us: number): number {
  return Math.max(0, Math.ceil((us - nowUs()) / 1e3));
}
