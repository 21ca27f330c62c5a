/** Durations as people write them: `500ms`, `25s`, `2m`, `24h`, `7d`. */

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A whole number with its unit. */
export type Duration = `${number}${keyof typeof unitsMs}`;

const pattern = /^(\d{1,15})(ms|s|m|h|d)$/;

/** Milliseconds, or `undefined` for a text that is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  // safe: the pattern admits these units only
  const ms = Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
  return Number.isSafeInteger(ms) ? ms : undefined;
}
