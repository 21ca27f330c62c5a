/** What a changed channel rule means for a subscription. */

import type { Rule } from './rule.js';
import { isSamePolicy } from './slow-policy.js';
import { isSameStreams } from './stream-terms.js';

/**
 * `same`: nothing changes. `quiet`: the subscription stays, and the new rule applies from now on. `permission`: the
 * permission must be checked again. `terms`: what the client was told, or receives, differs from what the new rule
 * gives: the client must subscribe again.
 */
type RuleChange = 'same' | 'quiet' | 'permission' | 'terms';

/** The effect of a change of each field. */
const meanings = {
  pattern: 'quiet',
  // Who gets another kind than it knows would misread it.
  data: 'terms',
  schema: 'quiet',
  subscribe: 'permission',
  renew: 'quiet',
  publish: 'quiet',
  readHistory: 'quiet',
  readPresence: 'quiet',
  stream: 'quiet',
  map: 'quiet',
  streams: 'quiet',
  recovery: 'terms',
  presence: 'terms',
  joinLeave: 'terms',
  pushJoinLeave: 'terms',
  userLimited: 'permission',
  // Who has a filter keeps it.
  filterTags: 'quiet',
  maxMessageBytes: 'quiet',
  delta: 'quiet',
  compaction: 'quiet',
  dictionarySamples: 'quiet',
  batchMs: 'quiet',
  maxRate: 'quiet',
  slow: 'quiet',
  counts: 'quiet',
} as const satisfies Readonly<Record<keyof Rule, RuleChange>>;

export function compareRules(before: Rule, after: Rule): RuleChange {
  if (before === after) return 'same';
  // safe: the table has all of them
  const fields = Object.keys(meanings) as (keyof Rule)[];
  const found = new Set<RuleChange>();
  for (const field of fields) if (!isEqual(field, before, after)) found.add(meanings[field]);
  if ((before.stream === undefined) !== (after.stream === undefined)) found.add('terms');
  if ((before.map === undefined) !== (after.map === undefined)) found.add('terms');
  if (before.streams?.content !== after.streams?.content) found.add('terms');
  // Functions get the values of placeholders.
  if (typeof after.subscribe === 'function' && before.pattern.text !== after.pattern.text) found.add('permission');
  return (['terms', 'permission', 'quiet'] as const).find((change) => found.has(change)) ?? 'same';
}

function isEqual(field: keyof Rule, before: Rule, after: Rule): boolean {
  if (field === 'pattern') return before.pattern.text === after.pattern.text;
  if (field === 'map') return isSameMap(before.map, after.map);
  if (field === 'streams') return isSameStreams(before.streams, after.streams);
  if (field === 'maxRate') return isSameRate(before.maxRate, after.maxRate);
  if (field === 'slow') return isSamePolicy(before.slow, after.slow);
  if (field === 'filterTags') return String(before.filterTags) === String(after.filterTags);
  if (field !== 'stream') return before[field] === after[field];
  return before.stream?.size === after.stream?.size && before.stream?.ttlMs === after.stream?.ttlMs;
}

function isSameRate(before: Rule['maxRate'], after: Rule['maxRate']): boolean {
  if (before === undefined || after === undefined) return before === after;
  return before.usual === after.usual && before.max === after.max;
}

function isSameMap(before: Rule['map'], after: Rule['map']): boolean {
  const fields = ['maxKeys', 'maxBytes', 'ttlMs', 'key', 'presence'] as const;
  return fields.every((field) => before?.[field] === after?.[field]);
}
