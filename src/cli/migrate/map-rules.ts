/** Translates namespaces of Centrifugo that are maps. */

import type { Draft } from './draft.js';
import { type Fields, fieldsOf, isUnset, seconds } from './values.js';

/** Options without an effect for clients and backends. */
const needless = new Set([
  'meta_ttl',
  'default_page_size',
  'min_page_size',
  'max_page_size',
  'live_transition_max_publication_limit',
  'subscribe_catch_up_timeout',
  'publish_proxy_name',
  'remove_proxy_name',
]);

const known = new Set([
  ...['mode', 'key_ttl', 'stream_size', 'stream_ttl', 'remove_client_on_unsubscribe', 'client_key'],
  ...['publish', 'remove'].flatMap((action) =>
    ['anonymous', 'client', 'subscriber'].map((who) => `allow_${action}_for_${who}`),
  ),
]);

const refusals: Readonly<Record<string, string>> = {
  publish_proxy_enabled: 'write `publish: hook`: the hook is told the key',
  remove_proxy_enabled: 'write `publish: hook`: the hook is told the key, and that it is removed',
};

/** Of a map that does not say. */
const defaultChanges = 10_000;

export function isMap(options: Fields): boolean {
  return options.subscription_type === 'map';
}

/**
 * What makes a rule a map.
 *
 * @param who which of Centrifugo's groups may do it, by the options of the map
 */
export function mapOf(
  options: Fields,
  from: string,
  who: (action: string, of: Fields) => string,
  draft: Draft,
): Fields {
  const map = fieldsOf(options.map);
  for (const [key, value] of Object.entries(map)) {
    if (isUnset(value) || value === 'default') continue;
    const why = refusals[key];
    if (why !== undefined) draft.refuse(`${from}.map.${key}`, why);
    else if (!known.has(key) && !needless.has(key)) draft.refuse(`${from}.map.${key}`, 'it is not known here');
  }
  const publish = who('publish', map);
  if (who('remove', map) !== publish) {
    draft.change(`${from}.map.allow_remove_for_…`, '`publish` says who may set keys and who may remove them');
  }
  return {
    publish,
    map: { ...keyOf(map, from, draft), ...(!isUnset(map.key_ttl) && { ttl: seconds(map.key_ttl) }) },
    ...changesOf(map),
  };
}

function keyOf(map: Fields, from: string, draft: Draft): Fields {
  const isOfClients = map.client_key === 'client_id';
  if (isOfClients !== (map.remove_client_on_unsubscribe === true)) {
    draft.change(
      `${from}.map.remove_client_on_unsubscribe`,
      'the key of a client goes with its subscription in maps with `key: client`, and in no others',
    );
  }
  if (!isOfClients) return map.client_key === 'user_id' ? { key: 'user' } : {};
  if (!isUnset(map.key_ttl)) return { key: 'client' };
  draft.change(`${from}.map.client_key`, 'keys of clients need a time to live here, in case their node dies: 1m');
  return { key: 'client', ttl: '1m' };
}

/** Without them, a map keeps what it does by itself. */
function changesOf({ stream_size: size, stream_ttl: ttl }: Fields): Fields {
  if (isUnset(size) && isUnset(ttl)) return {};
  const kept = isUnset(size) ? defaultChanges : Math.min(Number(size), 100_000);
  return { history: { size: kept, ...(!isUnset(ttl) && { ttl: seconds(ttl) }) } };
}
