/** Parses and formats numbers and sizes for people. */

const numberPattern = /^(\d[\d_]*(?:\.\d+)?)(?:e(\d{1,2}))?([kM]?)$/;
const sizePattern = /^(\d+(?:\.\d+)?) ?(B|[KMGT]i?B)$/;
const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `50000`, `1_000_000`, `1e6`, `20k`, `1.5M`; otherwise `undefined`. */
export function parseQuantity(text: string): number | undefined {
  const match = numberPattern.exec(text);
  if (match === null) return undefined;
  const [, digits = '', exponent = '0', unit = ''] = match;
  const value = Number(digits.replaceAll('_', '')) * 10 ** Number(exponent) * (factors[unit] ?? 1);
  return Number.isFinite(value) ? value : undefined;
}

/** `8GiB`, `512MiB`, `16GB`, or bytes without a unit; otherwise `undefined`. */
export function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text);
  if (match === null) return parseQuantity(text);
  return Math.round(Number(match[1]) * (sizeUnits[match[2] ?? ''] ?? Number.NaN));
}

/** With commas between thousands; fractions only below ten. */
export function formatQuantity(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });
}

export function formatSize(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => bytes >= (sizeUnits[name] ?? 1)) ?? 'B';
  const value = bytes / (sizeUnits[unit] ?? 1);
  return `${value.toFixed(value < 10 && unit !== 'B' ? 1 : 0)} ${unit}`;
}

export function formatBitRate(bytesPerSec: number): string {
  const megabits = (bytesPerSec * 8) / 1e6;
  return megabits >= 1_000 ? `${formatQuantity(megabits / 1_000)} Gbit/s` : `${formatQuantity(megabits)} Mbit/s`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
