/** Refuses clients that speak JSON where a channel has bytes that are not for them. */

import { errorCodes } from '../../model/codes.js';
import { onlyForBytes } from '../channels/refusal-lines.js';
import type { Question } from '../channels/rule.js';
import { type Denied, refuse } from '../ports/decision.js';

/** The message tells the client's author what is wrong. */
const needsProtobuf = {
  ...errorCodes.notAvailable,
  message: `${errorCodes.notAvailable.message}: the channel has bytes, for clients that speak Protobuf`,
};

/** `undefined`: the client may have the data. */
export function bytesRefusal(session: { readonly carriesBytes: boolean }, question: Question): Denied | undefined {
  if (question.rule.data !== 'bytes' || session.carriesBytes) return undefined;
  return refuse(needsProtobuf, onlyForBytes(question));
}
