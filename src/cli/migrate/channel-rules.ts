/** Translates namespaces of Centrifugo to channel rules. */

import type { Draft } from './draft.js';
import { isMap, mapOf } from './map-rules.js';
import { type Fields, fieldsOf, isFields, isUnset, seconds, textOf } from './values.js';

interface Means {
  /** Whether subscription tokens can be verified; in Centrifugo they permit every channel. */
  readonly hasTokens: boolean;
  /** Whether personal channels have no namespace. */
  readonly isPlainUsed: boolean;
}

/** Unsupported options of a namespace, with the reasons. */
const refusals: Readonly<Record<string, string>> = {
  channel_regex: 'patterns have no expressions: let `hooks.subscribe` look at the name',
  subscribe_stream_proxy_enabled: 'there are no streams of a backend',
  subscription_type: 'only streams and maps are translated; for presence as a map see docs/guide/maps.md',
  map: 'it is for namespaces with the subscription_type map',
  shared_poll: 'there are no shared polls',
  map_clients_presence_channel_prefix:
    'a map of presence is a rule with `map: { presence: clients }`, see docs/guide/maps.md',
  map_users_presence_channel_prefix:
    'a map of presence is a rule with `map: { presence: users }`, see docs/guide/maps.md',
};

/** Options without an effect for clients and backends. */
const needless = new Set([
  'name',
  'history_meta_ttl',
  'force_positioning',
  'allow_positioning',
  'auto_cache_recover',
  'delta_publish',
]);

const known = new Set([
  'presence',
  'join_leave',
  'force_push_join_leave',
  'history_size',
  'history_ttl',
  'force_recovery',
  'allow_recovery',
  'force_recovery_mode',
  'allow_user_limited_channels',
  'allowed_delta_types',
  'allow_channel_compaction',
  'allow_tags_filter',
  'publication_data_format',
  ...['subscribe_proxy', 'publish_proxy', 'sub_refresh_proxy'].flatMap((name) => [`${name}_enabled`, `${name}_name`]),
  'subscribe_stream_proxy_name',
  'subscribe_stream_proxy_bidirectional',
  ...['subscribe', 'publish', 'presence', 'history'].flatMap((action) =>
    ['anonymous', 'client', 'subscriber'].map((who) => `allow_${action}_for_${who}`),
  ),
]);

/** Writes the rules in the order in which they are matched. */
export function addRules(channel: Fields, means: Means, draft: Draft): void {
  const rules: Record<string, unknown> = {};
  const withFormat = (options: Fields): Fields =>
    isUnset(options.publication_data_format)
      ? { ...options, publication_data_format: channel.publication_data_format }
      : options;
  const namespaces = Array.isArray(channel.namespaces) ? channel.namespaces.filter(isFields).map(withFormat) : [];
  for (const namespace of namespaces) {
    const name = textOf(namespace.name);
    rules[`${name}:{rest*}`] = ruleOf(namespace, `channel.namespaces ${name}`, means, draft);
  }
  const plain = fieldsOf(channel.without_namespace);
  const isUsed = Object.entries(plain).some(([key, value]) => !key.endsWith('_name') && !isUnset(value));
  if (isUsed || means.hasTokens || means.isPlainUsed)
    rules['{name}'] = ruleOf(withFormat(plain), 'channel.without_namespace', means, draft);
  draft.set('channels', rules);
  const { private_prefix: prefix = '$' } = channel;
  if (means.hasTokens && prefix === '$' && (isUsed || namespaces.length > 0)) {
    draft.change(
      'channel.private_prefix',
      'a $ in front of a name does not ask for a token here: give names that begin so a rule, "$chat:{rest*}": { subscribe: token }',
    );
  }
}

function ruleOf(options: Fields, from: string, means: Means, draft: Draft): Fields {
  const isOn = (key: string) => options[key] === true;
  for (const [key, value] of Object.entries(options)) {
    if (isUnset(value) || (isFields(value) && Object.values(value).every(isDefault))) continue;
    if (isMap(options) && (key === 'map' || key === 'subscription_type')) continue;
    const why = refusals[key];
    if (why !== undefined) draft.refuse(`${from}.${key}`, why);
    else if (!known.has(key) && !needless.has(key)) draft.refuse(`${from}.${key}`, 'it is not known here');
  }
  /** Which of Centrifugo's three groups may do it. */
  const who = (action: string, of = options) => {
    const isMeant = (group: string) => of[`allow_${action}_for_${group}`] === true;
    const areAllMeant = isMeant('anonymous');
    if (isMeant('client')) return areAllMeant ? 'anyone' : 'user';
    if (isMeant('subscriber')) {
      // Anonymous subscribers are not included, and every user can subscribe.
      const isOpen = isOn('allow_subscribe_for_client') && isOn('allow_subscribe_for_anonymous');
      return isOpen && !areAllMeant ? 'user' : 'subscriber';
    }
    if (areAllMeant) {
      draft.change(
        `${from}.allow_${action}_for_anonymous`,
        'without allow_…_for_client there is no such group: nobody may',
      );
    }
    return 'nobody';
  };
  const byToken = means.hasTokens ? 'token' : 'nobody';
  const subscribe = who('subscribe') === 'nobody' ? byToken : who('subscribe');
  return {
    subscribe: isOn('subscribe_proxy_enabled') ? 'hook' : subscribe,
    ...(isMap(options)
      ? mapOf(options, from, who, draft)
      : {
          publish: isOn('publish_proxy_enabled') ? 'hook' : who('publish'),
          ...historyOf(options, from, who('history'), draft),
          ...dataOf(options, from, draft),
          ...(isOn('allow_tags_filter') && { filterTags: 'any' }),
        }),
    ...(isOn('presence') && { presence: who('presence') }),
    ...joinsOf(options, who('presence'), from, draft),
    ...(isOn('allow_user_limited_channels') && { userLimited: true }),
    ...(isOn('allow_channel_compaction') && { compaction: true }),
  };
}

/** Bytes, and deltas, which are those of JSON. */
function dataOf(options: Fields, from: string, draft: Draft): Fields {
  const { publication_data_format: format, allowed_delta_types: types } = options;
  const hasDeltas = Array.isArray(types) && types.includes('fossil');
  switch (format) {
    case 'binary':
      draft.change(
        `${from}.publication_data_format`,
        'clients that speak JSON are refused there; data: base64 lets them in, with strings of base64',
      );
      if (hasDeltas)
        draft.change(`${from}.allowed_delta_types`, 'deltas are those of JSON: left out where data is bytes');
      return { data: 'bytes' };
    case 'json_object':
      draft.change(
        `${from}.publication_data_format`,
        'any JSON is accepted: let `hooks.publish` refuse what is no object',
      );
      break;
    default:
      if (!isUnset(format) && format !== 'json')
        draft.refuse(`${from}.publication_data_format`, 'it is not known here');
  }
  return hasDeltas ? { delta: true } : {};
}

/** In Centrifugo, clients that may read presence may ask for joins. */
function joinsOf(options: Fields, mayAsk: string, from: string, draft: Draft): Fields {
  const arePushed = options.force_push_join_leave === true;
  if (options.join_leave !== true) {
    if (arePushed) draft.change(`${from}.force_push_join_leave`, 'without join_leave there is nothing to push');
    return {};
  }
  if (arePushed) return { joinLeave: 'push' };
  if (mayAsk !== 'nobody') return { joinLeave: true };
  draft.change(`${from}.join_leave`, 'without allow_presence_for_… nobody could ask for joins, who may here: left out');
  return {};
}

function isDefault(value: unknown): boolean {
  return isUnset(value) || value === 'default';
}

function historyOf(options: Fields, from: string, read: string, draft: Draft): Fields {
  const { history_size: size, history_ttl: ttl } = options;
  const isKept = !isUnset(size) && !isUnset(ttl);
  const recovers = options.force_recovery === true || options.allow_recovery === true;
  if (!isKept) {
    if (recovers)
      draft.refuse(`${from}.force_recovery`, 'there is nothing to recover without history_size and history_ttl');
    return {};
  }
  const kept = Number(size);
  if (kept > 100_000) draft.change(`${from}.history_size`, 'at most 100,000 are kept');
  const recovery = options.force_recovery_mode === 'cache' ? 'cache' : 'stream';
  return {
    history: { size: Math.min(kept, 100_000), ttl: seconds(ttl), read },
    recovery: recovers ? recovery : 'off',
  };
}
