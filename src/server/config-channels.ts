/** Converts the channel rules of a configuration to declarations. */

import type { ChannelConfig, ChannelsConfig } from '../config/channel-config.js';
import { bytes } from '../engine/channels/bytes.js';
import {
  type ChannelDeclaration,
  type ChannelOptions,
  channel,
  type StreamsOptions,
} from '../engine/channels/channel-options.js';
import type { Duration } from '../engine/time/duration.js';
import { defined } from '../model/defined.js';
import type { RuleDecisions } from './live-hooks.js';

/** @param hooks the decisions for rules that say `hook`; absent if there is no such hook */
export function channelsOf(rules: ChannelsConfig, hooks: RuleDecisions): Record<string, ChannelDeclaration> {
  return Object.fromEntries(Object.entries(rules).map(([pattern, rule]) => [pattern, channel(optionsOf(rule, hooks))]));
}

function optionsOf(rule: ChannelConfig, hooks: RuleDecisions): ChannelOptions {
  const { history, recovery, presence, joinLeave, userLimited, filterTags, maxMessageBytes } = rule;
  const { delta, compaction, dictionarySamples, slow } = rule;
  const batch: Duration | undefined = rule.batch === undefined ? undefined : `${rule.batch}ms`;
  const subscribe = rule.subscribe === 'hook' ? hooks.subscribe : rule.subscribe;
  const publish = rule.publish === 'hook' ? hooks.publish : rule.publish;
  const renew = rule.subscribe === 'hook' ? hooks.renew : undefined;
  const ttl: Duration | undefined = history && `${history.ttl}ms`;
  const { map, maxRate, streams } = rule;
  const mapTtl: Duration | undefined = map?.ttl === undefined ? undefined : `${map.ttl}ms`;
  const isBinary = rule.data === 'bytes' || rule.data === 'base64';
  return {
    ...(isBinary && { message: bytes({ base64: rule.data === 'base64' }) }),
    ...defined({ subscribe, renew, publish }),
    ...(history !== undefined &&
      ttl !== undefined && { history: { size: history.size, ttl, ...defined({ read: history.read }) } }),
    ...(map !== undefined && { map: defined({ ...map, ttl: mapTtl }) }),
    ...(streams !== undefined && { streams: streamsOf(streams) }),
    ...(maxRate !== undefined && { maxRate: defined(maxRate) }),
    ...defined({ recovery, presence, joinLeave, userLimited, filterTags, maxMessageBytes }),
    ...defined({ delta, compaction, dictionarySamples, batch, slow }),
  };
}

function streamsOf({
  of,
  size,
  maxBytes,
  cancel,
  ...durations
}: NonNullable<ChannelConfig['streams']>): StreamsOptions {
  const text = (ms: number | undefined): Duration | undefined => (ms === undefined ? undefined : `${ms}ms`);
  const { ttl, every, interruptAfter, stopWhenAlone } = durations;
  return {
    ...defined({ of, size, maxBytes, cancel }),
    ...defined({ ttl: text(ttl), every: text(every), interruptAfter: text(interruptAfter) }),
    ...defined({ stopWhenAlone: text(stopWhenAlone) }),
  };
}
