/** Why a request is not served, as HTTP and the log say it. */

import type { RefusalLine } from '../model/refusal-line.js';

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log, where the message alone does not say what would mend it. */
  readonly why?: RefusalLine;
}
