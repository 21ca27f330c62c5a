/** The channels of the chat: declared once, used by its server, by its page and by `fanfare dev`. */

import { channel, type SubscribeContext, type SubscribeGrant } from 'fanfare';
import * as v from 'valibot';
import { maxNameLength, maxTextLength } from './limits.js';

const message = v.object({
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(maxTextLength)),
  /** Chosen by the sender, so that a message sent again after a lost answer is shown once. */
  id: v.optional(v.pipe(v.string(), v.maxLength(36))),
  /** By the sender's clock. */
  sentAtMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  /** For senders that are not in the room themselves: a script, a bot, a terminal. */
  name: v.optional(v.pipe(v.string(), v.maxLength(maxNameLength))),
});

const typing = v.object({ typing: v.boolean() });

const introduction = v.object({ name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(maxNameLength)) });

/** What everyone in a room sees of a member: `chanInfo` in presence, joins and publications. */
export interface MemberInfo {
  readonly name: string;
}

/**
 * Anyone may subscribe. A name sent with the subscribe is attached by the server, so it is the same in the member list
 * and in every message.
 */
function introduce({ data }: Pick<SubscribeContext, 'data'>): SubscribeGrant {
  const said = v.safeParse(introduction, data);
  return said.success ? { info: { name: said.output.name } satisfies MemberInfo } : {};
}

export const chatChannels = {
  'chat:{room}': channel({
    message,
    subscribe: introduce,
    publish: 'anyone',
    history: { size: 500, ttl: '24h' },
    presence: true,
    joinLeave: true,
  }),
  /** Short-lived: nothing is kept, since a client that is away misses nothing important. */
  'typing:{room}': channel({ message: typing, subscribe: introduce, publish: 'subscriber' }),
};
