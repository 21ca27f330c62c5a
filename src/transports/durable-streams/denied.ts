/** What a refusal by authentication or by a rule is over HTTP. */

import type { Denied } from '../../engine/ports/decision.js';
import { refusalOfDisconnect, refusalOfError } from '../refusal-status.js';
import { failed, type StreamAnswer } from './answer.js';

export function deniedAnswer(denied: Denied): StreamAnswer {
  const isError = 'error' in denied;
  const { status, headers } = isError ? refusalOfError(denied.error) : refusalOfDisconnect(denied.disconnect);
  const { code, message } = isError
    ? denied.error
    : { code: denied.disconnect.code, message: denied.disconnect.reason };
  return { ...failed(status, { code }, message, headers), ...(denied.why && { why: denied.why }) };
}
