/** Why clients are refused, with the option that would change it: the lines that more than one command needs. */

import type { ChannelNameFault } from '../../model/channel-name.js';
import type { InvalidCommand } from '../../model/command.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { leastRate } from '../../model/max-rate-wish.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { type LimitName, limitPath } from '../ports/limits.js';
import { greatestRate } from './max-rate.js';
import type { Question } from './rule.js';

const maxCitedLength = 100;

/** The limit that the option of this name sets was reached. */
export function limitReached(name: LimitName, value: number): RefusalLine {
  const option = limitPath(name);
  return {
    check: 'limit',
    key: name,
    fields: { option, limit: value },
    message: `refused: ${option} is ${value}, and reached`,
  };
}

/** The name cannot be the name of a channel. */
export function badChannelName(name: string, fault: ChannelNameFault): RefusalLine {
  return {
    check: 'channel name',
    key: fault,
    fields: { channel: cited(name), fault },
    message: 'command refused: its channel has no name that a channel can have (docs/guide/channels.md)',
    level: 'info',
  };
}

/** A field of a command is not what the protocol says. */
export function badField({ method, field, why }: Pick<InvalidCommand, 'method' | 'field' | 'why'>): RefusalLine {
  return {
    check: 'field',
    key: `${method} ${field}`,
    fields: { command: method, field },
    message: `${method} refused: ${why} (PROTOCOL.md, "Commands")`,
    level: 'info',
  };
}

/** No pattern matches: a rule is missing, or the name is misspelt. */
export function unknownChannel(name: string): RefusalLine {
  return {
    check: 'channel',
    fields: { channel: cited(name), option: 'channels' },
    message: 'command refused: no pattern in channels matches the name of its channel',
  };
}

/** The channel's rule, or the function or hook that it names, refuses the action. */
export function deniedByRule(
  { action, channel, rule: { pattern, userLimited } }: Question,
  permission: unknown,
): RefusalLine {
  const rule = pattern.text;
  const says = typeof permission === 'string' ? permission : 'a function';
  return {
    check: 'permission',
    key: `${action} ${rule}`,
    fields: {
      action,
      channel,
      rule,
      permission: says,
      ...(userLimited && { userLimited: true }),
      option: `channels → ${rule} → ${optionOf[action]}`,
    },
    message:
      typeof permission === 'string'
        ? `${action} refused: the rule ${rule} asks for ${says}, and no capability of the token allows it`
        : `${action} refused by the function or the hook of the rule ${rule}`,
    level: 'info',
  };
}

/** A name that is for certain users, asked about by another one. */
export function limitedToUsers({ action, channel, rule: { pattern } }: Question): RefusalLine {
  const rule = pattern.text;
  return {
    check: 'permission',
    key: `${action} ${rule} users`,
    fields: { action, channel, rule, userLimited: true, option: `channels → ${rule} → userLimited` },
    message: `${action} refused: the rule ${rule} has userLimited, and the name of the channel is for the users after its # alone`,
    level: 'info',
  };
}

const optionOf = {
  subscribe: 'subscribe',
  publish: 'publish',
  history: 'history.read',
  presence: 'presence',
  cancel: 'streams.cancel',
} as const;

/**
 * The broker has failed, or refused: while it does, each call fails alike.
 *
 * @param what was asked for: a command, a method of the API
 */
export function brokerFailed(what: string, error: FanfareError, fields: object = {}): RefusalLine {
  return {
    check: 'broker',
    key: `${what} ${error.state ?? ''}`,
    fields: { what, ...fields, err: error },
    message: 'failed: the broker has failed, or has refused',
  };
}

/**
 * A function of the application, or code of the server's own, has thrown; or it was under way when the node closed.
 *
 * @param what was being done: a command, a renewal
 */
export function functionFailed(what: string, error: unknown, fields: object = {}): RefusalLine {
  const isClosing = error instanceof FanfareError && error.code === 'ERR_CLOSED';
  return {
    check: 'command',
    key: `${what} ${originOf(error)}`,
    fields: { command: what, ...fields, err: error },
    message: isClosing ? `${what} failed: the node is closing` : `${what} failed: it has thrown`,
    level: isClosing ? 'info' : 'error',
  };
}

/** Where it was thrown. What an error says may be different each time. */
function originOf(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined;
  return cited(/^ {4}at .*$/m.exec(String(stack))?.[0] ?? String(error));
}

export function isBrokerFailure(error: unknown): error is FanfareError {
  return error instanceof FanfareError && error.code === 'ERR_BROKER';
}

/** The channel's rule keeps no history or no presence. */
export function notKept({ action, channel, rule: { pattern } }: Question): RefusalLine {
  const rule = pattern.text;
  return {
    check: 'ability',
    key: `${action} ${rule}`,
    fields: { action, channel, rule, option: `channels → ${rule} → ${action}` },
    message: `${action} refused: the rule ${rule} keeps none, or the broker cannot`,
    level: 'info',
  };
}

/** The channel's rule does not let subscribers filter by this tag, or by any. */
export function notFilteredBy(
  { channel, rule: { pattern, filterTags } }: Omit<Question, 'action'>,
  tag: string,
): RefusalLine {
  const rule = pattern.text;
  return {
    check: 'ability',
    key: `filter ${rule}`,
    fields: { action: 'filter', channel, rule, tag: cited(tag), option: `channels → ${rule} → filterTags` },
    message:
      filterTags.length === 0
        ? `subscribe refused: it has a filter by tags, and the rule ${rule} has no filterTags`
        : `subscribe refused: its filter is by a tag that the filterTags of the rule ${rule} do not have`,
    level: 'info',
  };
}

/** What a subscriber asks for as `maxRate` is no rate. */
export function wrongRate({ channel, rule: { pattern } }: Omit<Question, 'action'>): RefusalLine {
  const rule = pattern.text;
  return {
    check: 'rate',
    key: `wrong ${rule}`,
    fields: { channel, rule, option: `channels → ${rule} → maxRate` },
    message: `subscribe refused: maxRate of its data is no number of publications per second from ${leastRate} on`,
    level: 'info',
  };
}

/** A subscriber asks for a greater rate than its rule allows. */
export function rateNotGiven(
  { channel, rule: { pattern, maxRate } }: Omit<Question, 'action'>,
  asked: number,
): RefusalLine {
  const rule = pattern.text;
  const max = maxRate?.max ?? greatestRate;
  return {
    check: 'rate',
    key: `max ${rule}`,
    fields: { channel, rule, asked, max, option: `channels → ${rule} → maxRate.max` },
    message: `subscribe at another rate than it asks for: maxRate.max of the rule ${rule} is ${max} publications per second`,
    level: 'info',
  };
}

/** The channel has bytes, and the client speaks JSON. */
export function onlyForBytes({ action, channel, rule: { pattern } }: Question): RefusalLine {
  const rule = pattern.text;
  return {
    check: 'data',
    key: `${action} ${rule}`,
    fields: { action, channel, rule, option: `channels → ${rule} → data` },
    message: `${action} refused: the rule ${rule} has data: bytes, and the client speaks JSON; base64 would let it in`,
    level: 'info',
  };
}

/** The name is reserved for the server: no rule can open it. */
export function internalChannel(name: string): RefusalLine {
  const fault = 'internal';
  return {
    check: 'channel name',
    key: fault,
    fields: { channel: cited(name), fault },
    message: "command refused: its channel is one of the server's own",
    level: 'info',
  };
}

/** No procedure of that name is declared. */
export function unknownProcedure(method: string): RefusalLine {
  return {
    check: 'procedure',
    fields: { procedure: cited(method), option: 'rpc' },
    message: 'rpc refused: no procedure of that name is declared in rpc, and there is no hook for the others',
  };
}

/** An anonymous connection has called a procedure that only users may call. */
export function procedureForUsers(procedure: string): RefusalLine {
  const option = `rpc → ${procedure} → allow`;
  return {
    check: 'permission',
    key: `rpc ${procedure}`,
    fields: { action: 'rpc', procedure, permission: 'user', option },
    message: `rpc refused: ${procedure} is for users, and the connection is anonymous`,
    level: 'info',
  };
}

/** The procedure, or the hook, has refused the call. */
export function refusedByProcedure(procedure: string): RefusalLine {
  return {
    check: 'procedure answer',
    key: cited(procedure),
    fields: { procedure: cited(procedure), option: 'rpc' },
    message: 'rpc refused by the procedure itself, or by the hook',
    level: 'info',
  };
}

/** The argument does not match the procedure's schema. @param path where the fault is, without the value that stands there */
export function badArgument(procedure: string, path: string): RefusalLine {
  return {
    check: 'argument',
    key: procedure,
    fields: { procedure, path, option: `rpc → ${procedure} → input` },
    message: `rpc refused: the argument of ${procedure} does not match its schema`,
    level: 'info',
  };
}

/** A required field is empty. */
export function emptyField(method: string, field: string): RefusalLine {
  return badField({ method, field, why: `${field} is empty, or is not what it has to be` });
}

/** The client is not subscribed to the channel, or is already. */
export function membership(command: string, channel: string, isIn: boolean): RefusalLine {
  return {
    check: 'subscription',
    key: command,
    fields: { command, channel, subscribed: isIn },
    message: `${command} refused: the client is ${isIn ? '' : 'not '}in that channel`,
    level: 'info',
  };
}

/** The connection or the subscription was not granted by a token, so that a new token cannot renew it. */
export function takesNoTokens(command: string): RefusalLine {
  const option = 'auth';
  return {
    check: 'token',
    key: `${command} not taken`,
    fields: { command, option },
    message: `${command} refused: this connection, or this subscription, was not granted by a token (${option})`,
    level: 'info',
  };
}

/** This token, or all tokens of its user, were revoked. */
export const revoked: RefusalLine = {
  check: 'revocation',
  fields: { detail: 'revoked or blocked' },
  message: 'refused: its tokens have been revoked, or its user is blocked',
  level: 'info',
};

/** The token may be newer than the revocation if the clock of its issuer is behind: the client should ask for another one. */
export const revokedByClock: RefusalLine = {
  check: 'revocation',
  fields: { detail: 'made shortly before' },
  message: 'refused: its token was made a few seconds before those of its user were revoked; another one may be good',
  level: 'info',
};

/** The publications after a position are no longer kept, or never existed. */
export function unrecoverable({ channel, rule: { pattern } }: Omit<Question, 'action'>, command: string): RefusalLine {
  const rule = pattern.text;
  return {
    check: 'position',
    key: `${command} ${rule}`,
    fields: { command, channel, rule, option: `channels → ${rule} → history` },
    message: `${command} refused: what follows the position that it names is not kept (any more), or its epoch is over`,
    level: 'info',
  };
}

function cited(name: string): string {
  return name.slice(0, maxCitedLength);
}
