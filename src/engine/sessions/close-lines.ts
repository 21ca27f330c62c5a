/** Log lines about why connections are closed, with the option that would have kept them open where there is one. */

import { type Disconnect, disconnectCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { limitReached } from '../channels/refusal-lines.js';
import type { Subscription } from '../fanout/subscription.js';
import type { LimitName } from '../ports/limits.js';

/** For reasons that no option would change. @param detail from the code or the protocol, never a payload */
export function closedBecause({ code, reason }: Disconnect, detail: string | undefined): RefusalLine {
  return {
    check: 'close',
    key: `${code} ${detail ?? ''}`,
    fields: { reason, ...(detail !== undefined && { detail }) },
    message: 'connection closed by the server',
    level: 'info',
  };
}

/** Like `limitReached`, for limits that work as intended: on connections that are dead or slow. */
export function closedByLimit(name: LimitName, value: number, what: string): RefusalLine {
  const { check, key, fields } = limitReached(name, value);
  return {
    check,
    key: `close ${key}`,
    fields: { ...fields, detail: what },
    message: `connection closed: ${what}`,
    level: 'info',
  };
}

/** The connection has expired. @param option the option that sets or extends its time */
export function expired(what: string, option: string): RefusalLine {
  return {
    check: 'expiry',
    key: `${what} ${option}`,
    fields: { option, detail: what },
    message: `connection closed: ${what}`,
    level: 'info',
  };
}

/** A server-side subscription has lost messages, and only the whole connection can recover them. */
export function stateLost({ channel, rule }: Subscription): RefusalLine {
  const pattern = rule.pattern.text;
  return {
    check: 'state',
    key: pattern,
    fields: { channel, rule: pattern, option: `channels → ${pattern} → history` },
    message:
      'connection closed: messages of a channel that the server put it into were lost between broker and node; it recovers',
    level: 'info',
  };
}

/** A message outside any channel, to an application that accepts none. */
export const takesNoMessages: RefusalLine = {
  check: 'send',
  fields: { option: 'onMessage' },
  message: `connection closed with ${disconnectCodes.notAvailable.code}: it has sent a message outside of any channel, and there is no onMessage`,
};
