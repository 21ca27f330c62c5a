/** Tests whose whole body is an attack: what `it('…', () => oracle.withstands(async () => { … }))` says, a level less deep. */

import { it } from 'vitest';
import type { LogExpectation, Oracle } from './oracle.js';

/** With the lines that are logged before the attack, where these are not one. */
interface Named<Args extends readonly unknown[]> {
  (title: string, attack: (...args: Args) => Promise<unknown>): void;
  (title: string, logLines: LogExpectation, attack: (...args: Args) => Promise<unknown>): void;
}

interface Each {
  <Case extends unknown[] | [unknown]>(cases: readonly Case[]): Named<Case>;
  <Case>(cases: readonly Case[]): Named<[Case]>;
}

type Attack = (...args: unknown[]) => Promise<unknown>;

export function attacksOn(oracle: Pick<Oracle, 'withstands'>): Named<[]> & { readonly each: Each } {
  const named =
    (define: (title: string, run: (...args: unknown[]) => Promise<void>) => void) =>
    (title: string, ...rest: [attack: Attack] | [logLines: LogExpectation, attack: Attack]) => {
      const [logLines, attack] = rest.length === 1 ? [1, rest[0]] : rest;
      define(title, async (...args) => void (await oracle.withstands(() => attack(...args), logLines)));
    };
  const each = (cases: readonly unknown[]) => named((title, run) => void it.each(cases)(title, run));
  // safe: a case is what the attack is given
  return Object.assign(
    named((title, run) => void it(title, () => run())),
    { each },
  ) as never;
}
