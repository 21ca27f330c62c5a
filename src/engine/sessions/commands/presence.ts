/** `presence` and `presence_stats`: the clients in a channel. */

import { errorCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import { decide, permissionContext } from '../../channels/permissions.js';
import { notKept } from '../../channels/refusal-lines.js';
import type { PresenceStore, Stores } from '../../ports/broker.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import type { Session } from '../session.js';
import { findTarget, type Target, type TargetPorts } from './target.js';

/** Where presence is kept, and how much of it may be read. */
export interface PresencePorts extends TargetPorts {
  readonly broker: Stores;
  readonly limits: EngineLimits;
}

export async function runPresence(ports: PresencePorts, session: Session, name: string): Promise<ReplyBody | Denied> {
  const readable = await findReadable(ports, session, name);
  if (!readable.ok) return readable;
  const clients = await readable.store.list(readable.channel, ports.limits.maxPresenceClients);
  return { kind: 'presence', clients };
}

export async function runPresenceStats(
  ports: PresencePorts,
  session: Session,
  name: string,
): Promise<ReplyBody | Denied> {
  const readable = await findReadable(ports, session, name);
  if (!readable.ok) return readable;
  return { kind: 'presenceStats', ...(await readable.store.stats(readable.channel)) };
}

async function findReadable(
  ports: PresencePorts,
  session: Session,
  name: string,
): Promise<Decision<Target & { readonly store: PresenceStore }>> {
  const target = findTarget(ports, name);
  if (!target.ok) return target;
  const { channel, rule } = target;
  const store = ports.broker.presence;
  const question = { action: 'presence', channel, rule } as const;
  if (!rule.presence || store === undefined) return refuse(errorCodes.notAvailable, notKept(question));
  const verdict = await decide(rule.readPresence, session, question, () => permissionContext(session, question));
  return verdict.ok ? { ...target, store } : verdict;
}
