/** One option of the configuration: its kind, its default and what is said of it. */

import type { OptionKind } from './option-kinds.js';

export interface Option<Input, Output> {
  readonly kind: OptionKind<Input, NonNullable<Output>>;
  /** Absent: nothing is set. */
  readonly default: Output;
  /** One sentence or two. */
  readonly about: string;
  /** What the default means where it is no value. */
  readonly unset?: string;
  /** What 0 does. */
  readonly zero?: string;
  /** Never shown. */
  readonly secret?: true;
  /** Takes effect on SIGHUP, without a restart: at once, or for connections that come after it. */
  readonly reload?: true | 'connections';
}

type Notes = Pick<Option<never, never>, 'about' | 'unset' | 'zero' | 'secret' | 'reload'>;

export function option<Input, Output>(
  kind: OptionKind<Input, Output>,
  notes: Notes & { readonly default: NoInfer<Output> },
): Option<Input, Output>;
export function option<Input, Output>(
  kind: OptionKind<Input, Output>,
  notes: Notes & { readonly unset: string },
): Option<Input, Output | undefined>;
export function option<Input, Output>(kind: OptionKind<Input, Output>, notes: Notes & { readonly default?: Output }) {
  return { kind, default: undefined, ...notes };
}
