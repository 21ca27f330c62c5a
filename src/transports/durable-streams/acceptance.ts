/** What is written, as the rule of the channel and whoever decides about it accept it; and that others are told nothing. */

import { acceptMessage } from '../../engine/channels/publishing.js';
import type { Rule } from '../../engine/channels/rule.js';
import { errorCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Payload } from '../../model/payload.js';
import type { Visitor } from './access.js';
import { failed, type StreamAnswer } from './answer.js';
import { binaryContent, modeOf, payloadsOf, type StreamMode } from './content.js';
import { deniedAnswer } from './denied.js';
import type { WriteRequest } from './stream-request.js';
import type { StreamTarget } from './target.js';

/** The messages of a body, which may have none; or what is wrong with it. */
export function writtenMessages(mode: StreamMode, body: Uint8Array, rule: Rule): readonly Payload[] | string {
  return body.length === 0 ? [] : payloadsOf(mode, body, rule);
}

/** As the rule of the channel, and who decides about it, accept the data. */
export async function accepted(
  target: StreamTarget,
  found: readonly Payload[],
  visitor: Visitor,
): Promise<readonly Payload[] | StreamAnswer> {
  try {
    const payloads: Payload[] = [];
    for (const payload of found) payloads.push((await acceptMessage(target.rule, payload)).data);
    const published = await visitor.published(target, payloads);
    return 'ok' in published ? deniedAnswer(published) : published;
  } catch (error) {
    const isFault = error instanceof FanfareError && error.replyCode === errorCodes.badRequest.code;
    if (!isFault) throw error;
    return failed(error.httpStatus, errorCodes.badRequest, error.message);
  }
}

/** A request that changes nothing, such as one for a stream that is not there. */
export interface IdleRequest {
  readonly target: StreamTarget;
  readonly request: Pick<WriteRequest, 'contentType'>;
  readonly body: Uint8Array;
  readonly visitor: Visitor;
}

/**
 * The answer, if the function of the application lets the visitor write what it sends. Otherwise the refusal, which does
 * not depend on whether there is a stream, and of what type.
 */
export async function toldToWriters(
  answer: StreamAnswer,
  { target, request, body, visitor }: IdleRequest,
): Promise<StreamAnswer> {
  if (!visitor.isAskedAbout(target)) return answer;
  const found = writtenMessages(modeOf(request.contentType ?? binaryContent), body, target.rule);
  const outcome = await accepted(target, typeof found === 'string' ? [] : found, visitor);
  return 'status' in outcome ? outcome : answer;
}
