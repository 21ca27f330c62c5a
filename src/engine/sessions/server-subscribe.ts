/** Subscribes a connected client by the word of the server, in the middle of its connection. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import type { RuleMatch } from '../channels/rule.js';
import { Attachment, type AttachmentPorts } from '../fanout/attachment.js';
import { Subscription } from '../fanout/subscription.js';
import type { Grant } from '../ports/authenticator.js';
import type { EngineLimits } from '../ports/limits.js';
import { type EstablishPorts, establish } from './establish.js';
import type { Session } from './session.js';

/** What new subscriptions read, and are put into. */
export interface ServerSubscribePorts extends EstablishPorts, AttachmentPorts {
  readonly limits: EngineLimits;
}

export interface ServerSubscribeOptions extends Grant {
  /** Deliver what was published after this place first, as far as it is still there. */
  readonly recoverSince?: Position;
}

/**
 * Resolves when the client has been told; `false` when it was subscribed already, has as many channels as it may have,
 * or has gone meanwhile. Rejects as the broker does.
 */
export async function subscribeByServer(
  ports: ServerSubscribePorts,
  session: Session,
  channel: ChannelName,
  match: RuleMatch,
  options: ServerSubscribeOptions,
): Promise<boolean> {
  const { subscriptions } = session;
  if (!session.is('connected') || subscriptions.has(channel)) return false;
  if (subscriptions.size >= ports.limits.maxChannelsPerConnection) return false;
  const { recoverSince, ...identity } = options;
  const subscription = new Subscription(session, channel, match, { joinLeave: match.rule.joinLeave, serverSide: true });
  subscription.grant(identity, false);
  subscriptions.add(subscription);
  return establish(ports, session, [new Attachment(ports, subscription, recoverSince)], ([result]) => {
    if (result === undefined) return undefined;
    const { recoverable, positioned, epoch, offset, data, publications } = result;
    const subscribe = { recoverable, positioned, epoch, offset, ...(data !== undefined && { data }) };
    return [
      session.encodePush({ kind: 'subscribe', channel, subscribe }),
      ...publications.map((publication) => session.encodePush({ kind: 'publication', channel, publication })),
    ];
  });
}
