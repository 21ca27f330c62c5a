/** Why clients are refused what maps do not permit: the lines for the log. */

import type { RefusalLine } from '../../model/refusal-line.js';
import type { Question, Rule } from './rule.js';

/** A map was asked for and the channel is none, or is of another kind; or something else was, and the channel is a map. */
export function otherKind(command: string, { channel, rule }: Omit<Question, 'action'>): RefusalLine {
  const is = rule.map === undefined ? 'a channel of messages' : `a map with keys of the kind ${rule.map.key}`;
  return {
    check: 'kind of channel',
    key: `${command} ${rule.pattern.text}`,
    fields: { command, channel, rule: rule.pattern.text, option: `channels → ${rule.pattern.text} → map` },
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

/** The map has as many keys as it may have. */
export function mapIsFull(channel: string, { pattern, map }: Rule): RefusalLine {
  return {
    check: 'size of map',
    key: pattern.text,
    fields: { channel, rule: pattern.text, limit: map?.maxKeys, option: `channels → ${pattern.text} → map.size` },
    message: 'publish refused: the map has as many keys as it may have',
  };
}
