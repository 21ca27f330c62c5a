/** One option of the configuration: its kind, default and description. */

import type { OptionKind } from './option-kinds.js';

export interface Option<Input, Output> {
  readonly kind: OptionKind<Input, NonNullable<Output>>;
  /** Absent: not set. */
  readonly default: Output;
  /** One sentence or two. */
  readonly about: string;
  /** The meaning of a missing value. */
  readonly unset?: string;
  /** The effect of 0. */
  readonly zero?: string;
  /** Never shown. */
  readonly secret?: true;
  /** Changes on SIGHUP, without a restart: at once, or for new connections. */
  readonly reload?: true | 'connections';
}

type Notes = Pick<Option<never, never>, 'unset' | 'zero' | 'secret' | 'reload'>;

export function option<Input, Output>(
  kind: OptionKind<Input, Output>,
  about: string,
  notes: Notes & { readonly default: NoInfer<Output> },
): Option<Input, Output>;
export function option<Input, Output>(
  kind: OptionKind<Input, Output>,
  about: string,
  notes: Notes & { readonly unset: string },
): Option<Input, Output | undefined>;
export function option<Input, Output>(
  kind: OptionKind<Input, Output>,
  about: string,
  notes: Notes & { readonly default?: Output },
) {
  return { kind, default: undefined, about, ...notes };
}
