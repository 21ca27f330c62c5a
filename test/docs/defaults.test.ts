/** Where a page gives an option with a value, the value is the option's default. */

import { expect, it, test } from 'vitest';
import { type OptionPath, optionAt, optionPaths } from '../../src/config/options.js';
import { markdownIn, readPage, root, withoutBlocks } from './page.js';

// Written from the table itself, or about another server.
const elsewhere = new Set(['docs/operations/configuration.md', 'docs/moving/centrifugo.md']);
const pages = markdownIn(root).filter((page) => !elsewhere.has(page));

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  second: 1_000,
  seconds: 1_000,
  minute: 60_000,
  minutes: 60_000,
  KiB: 1_024,
  MiB: 1_048_576,
};
const value = `(\\d[\\d,]*)\\s?(${Object.keys(units).join('|')})?\\b`;
const name = '`([a-z][a-zA-Z]*(?:\\.[a-zA-Z]+)*)`';
const forms = [
  // 64 KiB (`hooks.maxResponseBytes`); 10,000 events wait (`hooks.maxQueuedEvents`)
  { pattern: new RegExp(`(?<![\\d.,–-])${value}(?:\\s[a-z]+){0,9}\\s\\(${name}`, 'g'), order: [3, 1, 2] },
  // `limits.maxQueueBytes` (1 MiB)
  { pattern: new RegExp(`${name}\\s\\(${value}`, 'g'), order: [1, 2, 3] },
  // (`memory.maxHistoryBytes`, 256 MiB at most)
  { pattern: new RegExp(`\\(${name},\\s${value}`, 'g'), order: [1, 2, 3] },
  // | `limits.pollWait` | 25 s |
  { pattern: new RegExp(`^\\|\\s${name}\\s\\|\\s${value}`, 'gm'), order: [1, 2, 3] },
  // | 64 KiB | `limits.maxFrameBytes` |
  { pattern: new RegExp(`\\|\\s${value}[^|]{0,20}\\|\\s(?:\`POST [^|]*)?${name}`, 'g'), order: [3, 1, 2] },
] as const;

/** By its path, or by its last part where only one option has that. */
function optionOf(text: string): OptionPath | undefined {
  const withoutUnit = text.replace(/Ms$/, '');
  const found = optionPaths.filter((path) => path === withoutUnit || path.endsWith(`.${withoutUnit}`));
  return found.length === 1 && /[A-Z.]/.test(withoutUnit) ? found[0] : undefined;
}

interface Claim {
  readonly page: string;
  readonly option: OptionPath;
  readonly said: number;
}

const claims = pages.flatMap((page) => {
  const text = withoutBlocks(readPage(page));
  return forms.flatMap(({ pattern, order }) =>
    [...text.matchAll(pattern)].flatMap((match): Claim[] => {
      const [option, digits = '', unit = ''] = order.map((group) => match[group]);
      const path = optionOf(option ?? '');
      const said = Number(digits.replaceAll(',', '')) * (units[unit] ?? 1);
      return path === undefined ? [] : [{ page, option: path, said }];
    }),
  );
});

test('pages tell defaults', () => expect(claims.length).toBeGreaterThan(20));

it.each(claims)('$page: $option is $said', ({ option, said }) => expect(optionAt(option).default).toBe(said));
