/**
 * Cursors of live reads (PROTOCOL.md of Durable Streams, section 10.1): the number of the interval, which makes caches ask
 * again, and never goes backwards.
 */

const intervalMs = 20_000;
const epochMs = Date.UTC(2024, 9, 9);
const maxJitterSec = 3_600;

/** @param asked the cursor in the request */
export function cursorAt(wallMs: number, asked: string | undefined, random: number): string {
  const current = Math.max(0, Math.floor((wallMs - epochMs) / intervalMs));
  const given = asked !== undefined && /^\d{1,15}$/.test(asked) ? Number(asked) : -1;
  if (given < current) return String(current);
  const jitterSec = 1 + Math.floor(random * maxJitterSec);
  return String(given + Math.max(1, Math.floor((jitterSec * 1_000) / intervalMs)));
}
