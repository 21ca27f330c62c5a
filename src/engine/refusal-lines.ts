/** Why clients are refused, with the option that would change it: the lines that more than one command needs. */

import type { ChannelNameFault } from '../model/channel-name.js';
import type { InvalidCommand } from '../model/command.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { RefusalLine } from '../model/refusal-line.js';
import type { EngineLimits } from './limits.js';
import type { Question } from './permissions.js';

const maxCitedLength = 100;

/** A limit was reached, of those that options of this name set. */
export function limitReached(name: keyof EngineLimits, value: number): RefusalLine {
  const option = `limits.${name.replace(/Ms$/, '')}`;
  return {
    check: 'limit',
    key: name,
    fields: { option, limit: value },
    message: `refused: ${option} is ${value}, and reached`,
  };
}

/** The name is none that a channel can have. */
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
export function badField({ method, field, why }: InvalidCommand): RefusalLine {
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

/** What a rule says no to. */
export function deniedByRule({ action, channel, match }: Question, permission: unknown): RefusalLine {
  const { userLimited } = match.rule;
  const rule = match.rule.pattern.text;
  const says = typeof permission === 'string' ? permission : 'a function';
  return {
    check: 'permission',
    key: `${action} ${rule}`,
    fields: {
      action,
      channel,
      rule,
      permission: says,
      ...(userLimited && { userLimited }),
      option: `channels → ${rule} → ${optionOf[action]}`,
    },
    message: `${action} refused: the rule ${rule} asks for ${says}, and no capability of the token allows it`,
    level: 'info',
  };
}

/** For a permission that may be a function, which knows itself what it has refused. */
export function deniedByName(question: Question, permission: unknown): RefusalLine | undefined {
  return typeof permission === 'function' ? undefined : deniedByRule(question, permission);
}

const optionOf = { subscribe: 'subscribe', publish: 'publish', history: 'history.read', presence: 'presence' } as const;

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

export function isBrokerFailure(error: unknown): error is FanfareError {
  return error instanceof FanfareError && error.code === 'ERR_BROKER';
}

/** What a rule does not keep. */
export function notKept({ action, channel, match }: Question): RefusalLine {
  const rule = match.rule.pattern.text;
  return {
    check: 'ability',
    key: `${action} ${rule}`,
    fields: { action, channel, rule, option: `channels → ${rule} → ${action}` },
    message: `${action} refused: the rule ${rule} keeps none, or the broker cannot`,
    level: 'info',
  };
}

function cited(name: string): string {
  return name.slice(0, maxCitedLength);
}
