/** `history`: reads a channel's stream from a position, forwards or backwards. */

import { errorCodes } from '../../../model/codes.js';
import type { HistoryRequest } from '../../../model/command.js';
import type { ReplyBody } from '../../../model/reply.js';
import { decide, permissionContext } from '../../channels/permissions.js';
import { notKept, unrecoverable } from '../../channels/refusal-lines.js';
import { historyOf, type Stores } from '../../ports/broker.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import { bytesRefusal } from '../bytes-refusal.js';
import type { Session } from '../session.js';
import { findTarget, type TargetPorts } from './target.js';

/** Where histories are kept, and how much of one may be read. */
export interface HistoryPorts extends TargetPorts {
  readonly broker: Stores;
  readonly limits: EngineLimits;
}

export async function runHistory(
  ports: HistoryPorts,
  session: Session,
  request: HistoryRequest,
): Promise<ReplyBody | Denied> {
  const target = findTarget(ports, request.channel);
  if (!target.ok) return target;
  const { channel, rule } = target;
  const history = historyOf(ports.broker, rule);
  const question = { action: 'history', channel, rule } as const;
  if (rule.stream === undefined || history === undefined) {
    return refuse(errorCodes.notAvailable, notKept(question));
  }
  const verdict = await decide(rule.readHistory, session, question, () => permissionContext(session, question));
  if (!verdict.ok) return verdict;
  const refusal = bytesRefusal(session, question);
  if (refusal !== undefined) return refusal;
  const most = ports.limits.maxHistoryPublications;
  const limit = request.limit < 0 ? most : Math.min(request.limit, most);
  const { since } = request;
  const page = await history.read(channel, {
    limit,
    reverse: request.reverse,
    // Clients that only count offsets may omit the epoch.
    ...(since && { since: { offset: since.offset, ...(since.epoch !== '' && { epoch: since.epoch }) } }),
  });
  if (!page.continuous) return refuse(errorCodes.unrecoverablePosition, unrecoverable(question, 'history'));
  return { kind: 'history', result: { publications: page.publications, ...page.top } };
}
