/** `channels_page` and `channel`: the channels with subscribers in pages with figures, and one of them with its rule. */

import * as v from 'valibot';
import type { Rule } from '../../../engine/channels/rule.js';
import { defined } from '../../../model/defined.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { Position } from '../../../model/position.js';
import { cursorField, cursorText, placeOf } from '../cursor.js';
import { pageSize, text } from '../fields.js';
import { type ApiParts, apiMethod } from '../method.js';

const place = v.object({ after: v.string() });

export const channelsPage = apiMethod(
  'channels_page',
  undefined,
  v.object({ pattern: text, limit: pageSize, cursor: cursorField }),
  async ({ pattern, limit, cursor }, { inspection }) => {
    const { channels, next } = await inspection.channels(pattern, limit, placeOf(place, cursor)?.after);
    return JSON.stringify({
      channels: channels.map(({ name, rule, numClients, numPublications }) => ({
        channel: name,
        ...(rule !== undefined && { rule }),
        num_clients: numClients,
        num_publications: numPublications,
      })),
      ...(next !== undefined && { cursor: cursorText({ after: next }) }),
    });
  },
);

export const channel = apiMethod(
  'channel',
  undefined,
  v.object({ channel: v.string() }),
  async ({ channel: name }, { inspection, operations, described }) => {
    const { rule, numClients, numPublications, numSlow } = await inspection.channel(name);
    const position = rule.stream && (await positionOf(name, operations));
    const schema = described.schemaOf(rule);
    return JSON.stringify({
      channel: name,
      rule: ruleFields(rule),
      num_clients: numClients,
      num_publications: numPublications,
      num_slow: numSlow,
      ...(schema !== undefined && { schema }),
      ...(position && { position }),
    });
  },
);

/** @returns `undefined` while the broker does not answer: the rest is worth telling */
async function positionOf(channel: string, operations: ApiParts['operations']): Promise<Position | undefined> {
  try {
    return (await operations.history(channel, { limit: 0, reverse: false })).top;
  } catch (error) {
    if (error instanceof FanfareError) return undefined;
    throw error;
  }
}

function ruleFields(rule: Rule) {
  return {
    pattern: rule.pattern.text,
    data: rule.data,
    subscribe: wordOf(rule.subscribe),
    publish: wordOf(rule.publish),
    ...(rule.stream && {
      history: { size: rule.stream.size, ttl: rule.stream.ttlMs / 1_000, read: wordOf(rule.readHistory) },
    }),
    ...(rule.map && {
      map: {
        size: rule.map.maxKeys,
        max_bytes: rule.map.maxBytes,
        ...(rule.map.ttlMs !== undefined && { ttl: rule.map.ttlMs / 1_000 }),
        key: rule.map.key,
        ...(rule.map.presence && { presence: rule.map.presence }),
      },
    }),
    recovery: rule.recovery,
    presence: rule.presence ? wordOf(rule.readPresence) : 'off',
    join_leave: rule.pushJoinLeave ? 'push' : rule.joinLeave ? 'on' : 'off',
    user_limited: rule.userLimited,
    filter_tags: rule.filterTags,
    max_message_bytes: rule.maxMessageBytes,
    delta: rule.delta,
    compaction: rule.compaction,
    batch_ms: rule.batchMs,
    ...(rule.maxRate && { max_rate: defined({ default: rule.maxRate.usual, max: rule.maxRate.max }) }),
    slow: rule.slow.kind === 'dropOldest' ? `dropOldest ${rule.slow.size}` : rule.slow.kind,
  };
}

/** A function of the application, or a hook, decides where there is no word. */
function wordOf(permission: string | ((...args: never[]) => unknown)): string {
  return typeof permission === 'string' ? permission : 'function';
}
