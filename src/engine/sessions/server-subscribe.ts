/** Subscribes a connected client by decision of the server, during its connection. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import type { Rule } from '../channels/rule.js';
import { Attachment, type AttachmentPorts } from '../fanout/attachment.js';
import { Subscription } from '../fanout/subscription.js';
import type { Grant } from '../ports/authenticator.js';
import type { EngineLimits } from '../ports/limits.js';
import { bytesRefusal } from './bytes-refusal.js';
import { type EstablishPorts, establish } from './establish.js';
import type { Session } from './session.js';

/** What new subscriptions read from and are added to. */
export interface ServerSubscribePorts extends EstablishPorts, AttachmentPorts {
  readonly limits: Pick<EngineLimits, 'maxChannelsPerConnection'> &
    EstablishPorts['limits'] &
    AttachmentPorts['limits'];
}

export interface ServerSubscribeOptions extends Grant {
  /** First deliver what was published after this position, as far as it is still kept. */
  readonly recoverSince?: Position;
}

/**
 * Resolves when the client has been told; with `false` if it was already subscribed, has reached its number of
 * channels, cannot have the channel's data, or has disconnected. Rejects as the broker does.
 */
export async function subscribeByServer(
  ports: ServerSubscribePorts,
  session: Session,
  channel: ChannelName,
  rule: Rule,
  options: ServerSubscribeOptions,
): Promise<boolean> {
  const { subscriptions } = session;
  if (!session.is('connected') || subscriptions.has(channel)) return false;
  if (subscriptions.size >= ports.limits.maxChannelsPerConnection) return false;
  const refusal = bytesRefusal(session, { action: 'subscribe', channel, rule });
  if (refusal !== undefined) {
    if (refusal.why !== undefined) session.explain(refusal.why);
    return false;
  }
  const { recoverSince, ...identity } = options;
  const subscription = new Subscription(subscriptions, channel, rule, {
    joinLeave: rule.joinLeave,
    serverSide: true,
  });
  subscription.grant(identity, false);
  subscriptions.add(subscription);
  const attachment = new Attachment(ports, subscription, recoverSince, { inPages: session.takesPages });
  return establish(ports, session, [attachment], ([result]) => {
    if (result === undefined) return undefined;
    const { recoverable, positioned, epoch, offset, data, publications } = result;
    const subscribe = { recoverable, positioned, epoch, offset, ...(data !== undefined && { data }) };
    return [
      session.encodePush({ kind: 'subscribe', channel, subscribe }),
      ...publications.map((publication) => session.encodePush({ kind: 'publication', channel, publication })),
    ];
  });
}
