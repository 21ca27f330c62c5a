/** The personal channel of each user, to which the server subscribes all of its connections. */

import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Rule } from './rule.js';

/** Options about each single user. */
export interface PersonalOptions {
  /**
   * Name of the channel that the server subscribes each user to, with `{user}` in place of the user id:
   * `personal:#{user}`. Anonymous clients get none. Default: none.
   */
  readonly channel?: string;
  /** A new connection of a user closes the user's earlier connections, on all nodes, with 3504. Default: `false`. */
  readonly singleConnection?: boolean;
}

const placeholder = '{user}';
/** Represents all users when the rule is looked up. */
const someUser = '1';
const maxCitedLength = 100;

/** The part of a rule that is used here. */
type PersonalRule = Pick<Rule, 'userLimited'> & {
  readonly subscribe: unknown;
  readonly pattern: { readonly text: string };
};

interface RuleFinder {
  match(channel: ChannelName): PersonalRule | undefined;
}

export class PersonalChannel {
  readonly #before: string;
  readonly #after: string;
  readonly #someName: ChannelName;
  readonly #findRule: (channel: ChannelName) => PersonalRule | undefined;

  /** `undefined`: users have none. @throws FanfareError `ERR_CONFIG` */
  static of({ channel }: PersonalOptions = {}, rules: RuleFinder): PersonalChannel | undefined {
    return channel === undefined ? undefined : new PersonalChannel(channel, (name) => rules.match(name));
  }

  /** @throws FanfareError `ERR_CONFIG` */
  constructor(template: string, findRule: (channel: ChannelName) => PersonalRule | undefined) {
    const [before = '', after = '', ...more] = template.split(placeholder);
    if (!template.includes(placeholder) || more.length > 0 || /[{}]/.test(before + after)) {
      throw fault(`"${template}" does not contain ${placeholder} exactly once, like "personal:#${placeholder}"`);
    }
    // Users could be named like other channels, and would get into them.
    if (before === '') throw fault(`"${template}" has nothing before ${placeholder}: write "#${placeholder}"`);
    this.#before = before;
    this.#after = after;
    const name = parseChannelName(this.nameFor(someUser));
    if (name === undefined) throw fault(`"${template}" makes no names that channels can have`);
    const rule = findRule(name);
    if (rule === undefined) throw fault(`no rule of channels is for ${name}, the channel of user ${someUser}`);
    this.#someName = name;
    this.#findRule = findRule;
    if (rule.userLimited && !isForOne(name, someUser)) {
      throw fault(
        `"${template}" must end in #${placeholder}, or have no #: its rule "${rule.pattern.text}" has userLimited`,
      );
    }
  }

  nameFor(user: string): string {
    return this.#before + user + this.#after;
  }

  /** A warning when every user may subscribe to the personal channels of others; `undefined` when nobody may, or a function decides. */
  get warning(): string | undefined {
    const rule = this.#findRule(this.#someName);
    if (rule === undefined) return undefined;
    const { pattern, subscribe, userLimited } = rule;
    if (subscribe !== 'anyone' && subscribe !== 'user') return undefined;
    if (userLimited && this.#before.endsWith('#') && this.#after === '') return undefined;
    return `personal.channel: its rule "${pattern.text}" has subscribe: ${subscribe}, so that every user may listen to the channels of others; remove it, or set userLimited: true and let the name end in #${placeholder}`;
  }

  /**
   * Why a user's channel is not only this user's: the id has characters with a meaning in names. `undefined` if it is.
   */
  objection(user: string, channel: ChannelName, rule: Rule): RefusalLine | undefined {
    if (rule.pattern.text !== this.#findRule(this.#someName)?.pattern.text) {
      return refusal(user, channel, 'its rule is not the one of other users: let the pattern of that end in {rest*}');
    }
    if (!rule.userLimited || isForOne(channel, user)) return undefined;
    return refusal(
      user,
      channel,
      'by its name it would be for other users: ids have no # or comma where userLimited is on',
    );
  }
}

/** Whether the part after `#`, if the name has one, names this user alone. */
function isForOne(channel: ChannelName, user: string): boolean {
  const boundary = channel.lastIndexOf('#');
  return boundary === -1 || (channel.slice(boundary + 1) === user && !user.includes(','));
}

/** Why a user is refused whose personal channel does not exist. */
export function noPersonalChannel(user: string, channel: string): RefusalLine {
  return refusal(user, channel, 'it is not a valid channel name, or no rule matches it');
}

function refusal(user: string, channel: string, why: string): RefusalLine {
  return {
    check: 'personal channel',
    fields: {
      userId: user.slice(0, maxCitedLength),
      channel: channel.slice(0, maxCitedLength),
      option: 'personal.channel',
    },
    message: `connect refused: the user has no personal channel: ${why}`,
  };
}

function fault(why: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `personal.channel: ${why}`);
}
