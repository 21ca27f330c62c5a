/** Figures of a load as people read them. */

/** With commas between thousands; fractions only below ten. */
export function count(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 && !Number.isInteger(value) ? 1 : 0 });
}

export function ms(value: number): string {
  if (value >= 10_000) return `${(value / 1e3).toFixed(1)} s`;
  if (value >= 100) return `${Math.round(value)} ms`;
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

export function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1e3)} s`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** The most frequent first. */
export function errorList(errors: Iterable<readonly [string, number]>, most = 5): string {
  const sorted = [...errors].sort(([, a], [, b]) => b - a);
  if (sorted.length === 0) return 'none';
  const shown = sorted.slice(0, most).map(([name, times]) => `${name} ${count(times)}`);
  return sorted.length > most ? `${shown.join(', ')}, and ${sorted.length - most} more` : shown.join(', ');
}
