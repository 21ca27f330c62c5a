/** Compressed messages that break the rules: the error that ends their connection, and its line in the log. */

import type { RefusalLine } from '../../model/refusal-line.js';

/** RFC 6455 section 7.4.1: a message is not what its type says. */
export const invalidData = 1_007;

/** The code of the error with which the parser of `ws` fails. */
export const undeflatable = 'ERR_UNDEFLATABLE';

/** @param fault one of few fixed texts */
export function badDeflate(fault: string): RefusalLine {
  return {
    check: 'compression',
    key: fault,
    fields: { fault, option: 'deflate.enabled' },
    message: `connection closed: ${fault} (RFC 7692)`,
    level: 'info',
  };
}
