/** `history`: reads a channel's stream from a position, forwards or backwards. */

import { errorCodes } from '../../../model/codes.js';
import type { HistoryRequest } from '../../../model/command.js';
import type { ReplyBody } from '../../../model/reply.js';
import { decide, permissionContext } from '../../channels/permissions.js';
import { notKept, unrecoverable } from '../../channels/refusal-lines.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { findTarget } from './target.js';

export async function runHistory(session: Session, request: HistoryRequest): Promise<ReplyBody | Denied> {
  const { node } = session;
  const target = findTarget(session, request.channel);
  if (!target.ok) return target;
  const { channel, match } = target;
  const { history } = node.broker;
  const question = { action: 'history', channel, match } as const;
  if (match.rule.stream === undefined || history === undefined) {
    return refuse(errorCodes.notAvailable, notKept(question));
  }
  const verdict = await decide(match.rule.readHistory, session, question, () => permissionContext(session, question));
  if (!verdict.ok) return verdict;
  const most = node.limits.maxHistoryPublications;
  const limit = request.limit < 0 ? most : Math.min(request.limit, most);
  const { since } = request;
  const page = await history.read(channel, {
    limit,
    reverse: request.reverse,
    // Clients that only count may leave the epoch out.
    ...(since && { since: { offset: since.offset, ...(since.epoch !== '' && { epoch: since.epoch }) } }),
  });
  if (!page.continuous) return refuse(errorCodes.unrecoverablePosition, unrecoverable(question, 'history'));
  return { kind: 'history', result: { publications: page.publications, ...page.top } };
}
