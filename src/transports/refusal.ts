/** A refused request: the HTTP answer and the log line. */

import type { RefusalLine } from '../model/refusal-line.js';

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log, if the message does not say what to change. */
  readonly why?: RefusalLine;
}
