/** What this reader has chosen, kept in the browser: teams to be told about, and how often values change. */

import { useCallback, useSyncExternalStore } from 'react';

export interface Settings {
  /** Codes of teams. */
  readonly followed: readonly string[];
  /** Values per second of what moves all the time. */
  readonly maxRate: number;
}

export const rates = [
  { maxRate: 10, name: 'Live' },
  { maxRate: 2, name: 'Calm' },
  { maxRate: 0.2, name: 'Saver' },
] as const;

const place = 'live-scores';
const smallScreen = '(max-width: 44rem)';

/** Of a text that may be anything. A phone begins with less. */
export function settingsFrom(text: string | null, isPhone: boolean): Settings {
  const otherwise: Settings = { followed: [], maxRate: isPhone ? 2 : 10 };
  if (text === null) return otherwise;
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return otherwise;
  }
  if (typeof kept !== 'object' || kept === null) return otherwise;
  const { followed, maxRate } = kept as Readonly<Record<string, unknown>>;
  return {
    followed: Array.isArray(followed) ? followed.filter((code) => typeof code === 'string').slice(0, 20) : [],
    maxRate: rates.some((rate) => rate.maxRate === maxRate) ? (maxRate as number) : otherwise.maxRate,
  };
}

let current: Settings | undefined;
const watchers = new Set<() => void>();

function read(): Settings {
  current ??= settingsFrom(localStorage.getItem(place), matchMedia(smallScreen).matches);
  return current;
}

function watch(onChange: () => void): () => void {
  watchers.add(onChange);
  return () => watchers.delete(onChange);
}

function write(change: Partial<Settings>): void {
  current = { ...read(), ...change };
  localStorage.setItem(place, JSON.stringify(current));
  for (const watcher of watchers) watcher();
}

export function useSettings() {
  const settings = useSyncExternalStore(watch, read);
  const toggle = useCallback((code: string) => {
    const { followed } = read();
    write({ followed: followed.includes(code) ? followed.filter((one) => one !== code) : [...followed, code] });
  }, []);
  return { ...settings, toggle, setRate: (maxRate: number) => write({ maxRate }) };
}
