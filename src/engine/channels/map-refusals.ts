/** Why clients are refused what maps do not permit: the lines for the log. */

import type { RefusalLine } from '../../model/refusal-line.js';
import type { Question, Rule } from './rule.js';

/** A map was asked for and the channel is none, or is of another kind; or something else was, and the channel is a map. */
export function otherKind(command: string, { channel, rule }: Omit<Question, 'action'>): RefusalLine {
  const ofKeys = rule.map?.presence === undefined ? `with keys of the kind ${rule.map?.key}` : 'of who is present';
  const kind = rule.streams === undefined ? 'messages' : 'streams';
  const is = rule.map === undefined ? `a channel of ${kind}` : `a map ${ofKeys}`;
  const option = `channels → ${rule.pattern.text} → ${rule.streams === undefined ? 'map' : 'streams'}`;
  return {
    check: 'kind of channel',
    key: `${command} ${rule.pattern.text}`,
    fields: { command, channel, rule: rule.pattern.text, option },
    message: `${command} refused: the client takes the channel for something else than ${is}`,
    level: 'info',
  };
}

/** The key belongs to another user or connection. */
export function foreignKey({ channel, rule }: Omit<Question, 'action'>): RefusalLine {
  const option = `channels → ${rule.pattern.text} → map.key`;
  return {
    check: 'key',
    key: rule.pattern.text,
    fields: { channel, rule: rule.pattern.text, key: rule.map?.key, option },
    message: 'publish refused: in this map, clients change their own key alone',
    level: 'info',
  };
}

/** There is no room for a key or a value. @param tooMany of what: keys or bytes of this map, or bytes of all maps */
export function mapIsFull(
  channel: string,
  { pattern, map }: Rule,
  tooMany: 'keys' | 'bytes' | 'all' = 'keys',
): RefusalLine {
  const ofRule = `channels → ${pattern.text} →`;
  const { limit, option, message } = {
    keys: { limit: map?.maxKeys, option: `${ofRule} map.size`, message: 'the map has as many keys as it may have' },
    bytes: {
      limit: map?.maxBytes,
      option: `${ofRule} map.maxBytes, or limits.maxMapBytes`,
      message: 'the keys and values of the map would have more bytes than they may have',
    },
    all: {
      limit: undefined,
      option: 'memory.maxMapBytes',
      message: 'all maps together would have more bytes than they may have',
    },
  }[tooMany];
  return {
    check: 'size of map',
    key: `${tooMany} ${pattern.text}`,
    fields: { channel, rule: pattern.text, limit, option },
    message: `publish refused: ${message}`,
  };
}
