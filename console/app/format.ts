/** Numbers, sizes and times as people read them. */

const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateAndTime = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const daySec = 86_400;

export function count(value: number): string {
  return value < 100_000 ? whole.format(Math.round(value)) : short.format(value);
}

export function perSec(value: number): string {
  if (value > 0 && value < 10) return value.toFixed(1);
  return count(value);
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  while (size >= 1_024 && unit < byteUnits.length - 1) {
    size /= 1_024;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${byteUnits[unit]}`;
}

export function milliseconds(value: number): string {
  return value > 0 && value < 10 ? `${value.toFixed(1)} ms` : `${count(value)} ms`;
}

/** `3 d 4 h`, `5 min 10 s`: the two largest units. */
export function duration(seconds: number): string {
  const units = [
    ['d', daySec],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let left = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const many = Math.floor(left / size);
    left -= many * size;
    if (many > 0) parts.push(`${many} ${name}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** The time of day, with the date where it was not today. @param unixSec Unix time in seconds */
export function time(unixSec: number, nowMs = Date.now()): string {
  const at = new Date(unixSec * 1_000);
  return at.toDateString() === new Date(nowMs).toDateString() ? clockTime.format(at) : dateAndTime.format(at);
}

/** JSON on one line, cut where it is long. */
export function jsonLine(value: unknown, most = 200): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** JSON as people write it: on one line if it is short, otherwise indented. */
export function jsonText(value: unknown, line = 80): string {
  const indented = JSON.stringify(value, undefined, 2) ?? '';
  // Line feeds within texts are escaped.
  const short = indented.replace(/\n */g, ' ');
  return short.length > line ? indented : short;
}

/** A user as shown; anonymous ones have no name. */
export function userName(user: string): string {
  return user === '' ? 'anonymous' : user;
}
