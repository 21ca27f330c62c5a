/** Converts values of Centrifugo's options. */

/** `undefined` for a value of another kind. */
export type Conversion = (value: unknown) => unknown;

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Go's `1m30s`, or nanoseconds as a number, in milliseconds. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.round(value / 1e6);
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$|^0$/.test(value)) return undefined;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)];
  return Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0));
}

/** In Fanfare's format, a whole number with one unit. */
export const seconds: Conversion = (value) => {
  const ms = milliseconds(value);
  if (ms === undefined) return undefined;
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const) {
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
};

/** Whole numbers, also as texts. */
export const whole: Conversion = (value) => (/^\d{1,15}$/.test(String(value)) ? Number(value) : undefined);

/** Lists, also as text with spaces, as in environment variables. */
export const listed: Conversion = (value) => {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter(Boolean);
  return Array.isArray(value) ? value : undefined;
};

const levels: Readonly<Record<string, string>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  none: 'silent',
};

export const logLevel: Conversion = (value) => levels[String(value).toLowerCase()];

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : '';
}

/** Whether a value means "not set", as for most options of a complete file. */
export function isUnset(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isFields(value)) return Object.keys(value).length === 0;
  return value == null || value === false || value === '' || value === 0 || value === '0s' || value === '0';
}
