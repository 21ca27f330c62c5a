/** Why changes of streams are refused: the lines for the log. */

import type { FanfareError } from '../../model/fanfare-error.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Question } from './rule.js';

/** The stream is not as the caller takes it to be, or has no more room. */
export function streamRefused(
  op: string,
  { channel, rule }: Omit<Question, 'action'>,
  { code, message }: Pick<FanfareError, 'code' | 'message'>,
): RefusalLine {
  const { text } = rule.pattern;
  return {
    check: 'stream',
    key: `${code} ${text}`,
    fields: { op, channel, rule: text, code, option: `channels → ${text} → streams` },
    message: `${op} of a stream refused: ${message}`,
    level: 'info',
  };
}

/** The connection has not opened this stream itself, or not as the last one. */
export function notItsRun(op: string, { channel, rule }: Omit<Question, 'action'>): RefusalLine {
  return {
    check: 'stream',
    key: `run ${rule.pattern.text}`,
    fields: { op, channel, rule: rule.pattern.text },
    message: `${op} of a stream refused: this connection has not opened it; after a reconnect it is opened again`,
    level: 'info',
  };
}
