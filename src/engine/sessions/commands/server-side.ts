/** The channels that a client gets with its connection, without asking, by the word of the authenticator. */

import { errorCodes } from '../../../model/codes.js';
import type { Position } from '../../../model/position.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import { noPersonalChannel, type PersonalChannel } from '../../channels/personal-channel.js';
import { Attachment, type AttachmentPorts } from '../../fanout/attachment.js';
import { Subscription } from '../../fanout/subscription.js';
import type { Grant, Identity } from '../../ports/authenticator.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import type { Session } from '../session.js';
import { findTarget, type Target, type TargetPorts } from './target.js';

/** Which channels there are, and which are those of users. */
export interface ServerSidePorts extends TargetPorts, AttachmentPorts {
  readonly limits: EngineLimits;
  /** Absent: users have none. */
  readonly personalChannel: PersonalChannel | undefined;
}

/** A channel that the authenticator has named, and what goes for it. */
interface Granted {
  readonly target: Target;
  readonly identity: Grant;
}

/** The channels that the client gets without asking. One that does not exist is a mistake that nobody would notice. */
export function findTargets(
  ports: ServerSidePorts,
  identity: Identity,
): Decision<{ readonly found: readonly Granted[] }> {
  const { maxChannelsPerConnection: most } = ports.limits;
  const found: Granted[] = [];
  const personal = findPersonal(ports, identity);
  if (personal !== undefined) {
    if (!personal.ok) return personal;
    found.push({ target: personal, identity: {} });
  }
  for (const [name, granted] of identity.subscriptions ?? []) {
    if (found.length >= most) return refuse(errorCodes.limitExceeded, tooMany(most));
    const target = findTarget(ports, name);
    if (!target.ok) return { ...target, why: notThere(name) };
    found.push({ target, identity: granted });
  }
  return { ok: true, found };
}

/** The user's own, unless it is granted in so many words, with what goes for it. Nobody in particular has none. */
function findPersonal(ports: ServerSidePorts, { user, subscriptions }: Identity): Target | Denied | undefined {
  const { personalChannel: personal } = ports;
  if (personal === undefined || user === '') return undefined;
  const name = personal.nameFor(user);
  const target = findTarget(ports, name);
  if (!target.ok) return { ...target, why: noPersonalChannel(user, name) };
  const objection = personal.objection(user, target.channel, target.match);
  if (objection !== undefined) return refuse(errorCodes.badRequest, objection);
  return subscriptions?.has(name) === true ? undefined : target;
}

function notThere(channel: string): RefusalLine {
  const message = 'connect refused: no rule is for a channel that the token, or the answer of auth or its hook, grants';
  return { check: 'granted channel', key: channel, fields: { channel, option: 'channels' }, message };
}

function tooMany(limit: number): RefusalLine {
  const message =
    'connect refused: the token, or the answer of auth or its hook, grants more channels than a client may have';
  const fields = { limit, option: 'limits.maxChannelsPerConnection' };
  return { check: 'number of granted channels', fields, message };
}

/** Subscriptions by the word of the authenticator, which needs no permission of the rules. */
export function serverSide(
  ports: ServerSidePorts,
  session: Session,
  found: readonly Granted[],
  since: ReadonlyMap<string, Position>,
): Attachment[] {
  return found.map(({ target: { channel, match }, identity }) => {
    const subscription = new Subscription(session, channel, match, {
      joinLeave: match.rule.joinLeave,
      serverSide: true,
    });
    subscription.grant(identity, false);
    session.subscriptions.add(subscription);
    return new Attachment(ports, subscription, since.get(channel));
  });
}
