/** Renames the options of Centrifugo 5, a flat list, to those of version 6. */

import { type Fields, isFields } from './values.js';

/** Options with another name or group; the others are renamed by their group below. */
const renamed: Readonly<Record<string, string>> = {
  address: 'http_server.address',
  port: 'http_server.port',
  internal_address: 'http_server.internal_address',
  internal_port: 'http_server.internal_port',
  tls: 'http_server.tls.enabled',
  tls_cert: 'http_server.tls.cert_pem',
  tls_key: 'http_server.tls.key_pem',
  tls_autocert: 'http_server.tls_autocert.enabled',
  tls_external: 'http_server.tls_external',
  log_level: 'log.level',
  log_file: 'log.file',
  nats_url: 'broker.nats.url',
  nats_prefix: 'broker.nats.prefix',
  allowed_origins: 'client.allowed_origins',
  allow_anonymous_connect_without_token: 'client.allow_anonymous_connect_without_token',
  disallow_anonymous_connection_tokens: 'client.disallow_anonymous_connection_tokens',
  ping_interval: 'client.ping_interval',
  pong_timeout: 'client.pong_timeout',
  channel_max_length: 'channel.max_length',
  channel_private_prefix: 'channel.private_prefix',
  channel_namespace_boundary: 'channel.namespace_boundary',
  channel_user_boundary: 'channel.user_boundary',
  channel_user_separator: 'channel.user_separator',
  global_history_meta_ttl: 'channel.history_meta_ttl',
  namespaces: 'channel.namespaces',
  rpc_namespaces: 'rpc.namespaces',
  user_subscribe_to_personal: 'client.subscribe_to_user_personal_channel.enabled',
  user_personal_channel_namespace: 'client.subscribe_to_user_personal_channel.personal_channel_namespace',
  user_personal_single_connection: 'client.subscribe_to_user_personal_channel.single_connection',
  api_key: 'http_api.key',
  api_insecure: 'http_api.insecure',
  api_external: 'http_api.external',
  api_handler_prefix: 'http_api.handler_prefix',
  shutdown_timeout: 'shutdown.timeout',
  name: 'node.name',
  client_queue_max_size: 'client.queue_max_size',
  proxy_rpc_endpoint: 'rpc.proxy.endpoint',
  proxy_rpc_timeout: 'rpc.proxy.timeout',
  proxy_rpc: 'rpc.without_namespace.proxy_enabled',
};

/** Prefixes of names, with their new group; the first match wins. */
const groups: readonly (readonly [string, string])[] = [
  ['token_', 'client.token.'],
  ['subscription_token_', 'client.subscription_token.'],
  ['redis_', 'engine.redis.'],
  ['client_', 'client.'],
  ['proxy_connect_', 'client.proxy.connect.'],
  ['proxy_refresh_', 'client.proxy.refresh.'],
  ['proxy_subscribe_stream_', 'channel.proxy.subscribe_stream.'],
  ['proxy_subscribe_', 'channel.proxy.subscribe.'],
  ['proxy_publish_', 'channel.proxy.publish.'],
  ['proxy_sub_refresh_', 'channel.proxy.sub_refresh.'],
  ['websocket_', 'websocket.'],
  ['uni_sse_', 'uni_sse.'],
  ['uni_http_stream_', 'uni_http_stream.'],
  ['uni_websocket_', 'uni_websocket.'],
  ['uni_grpc_', 'uni_grpc.'],
  ['sse_', 'sse.'],
  ['http_stream_', 'http_stream.'],
  ['emulation_', 'emulation.'],
  ['grpc_api_', 'grpc_api.'],
  ['admin_', 'admin.'],
  ['prometheus_', 'prometheus.'],
  ['health_', 'health.'],
  ['swagger_', 'swagger.'],
  ['debug_', 'debug.'],
  ['graphite_', 'graphite.'],
];

/** Groups of version 6 that were plain switches. */
const switches = new Set(
  'sse http_stream uni_sse uni_http_stream uni_websocket uni_grpc grpc_api webtransport admin prometheus health swagger debug graphite opentelemetry'.split(
    ' ',
  ),
);

/** Top-level options for channels without a namespace. */
const ofChannels =
  /^(?:presence|join_leave|force_push_join_leave|history_(?:size|ttl|meta_ttl)|force_(?:positioning|recovery|recovery_mode)|allow_(?:positioning|recovery|user_limited_channels|(?:subscribe|publish|presence|history)_for_\w+)|channel_regex|proxy_(?:subscribe|publish|sub_refresh|subscribe_stream)|(?:subscribe|publish|sub_refresh)_proxy_name)$/;

/** Whether a file has the form of version 5. */
export function isOfVersion5(options: Fields): boolean {
  return Object.entries(options).some(([key, value]) => modernName(key, value) !== undefined);
}

/** The same options with the names of version 6. */
export function withNewerNames(options: Fields): Fields {
  const newer: Record<string, unknown> = {};
  const proxyHeaders = options.proxy_http_headers;
  for (const [key, value] of Object.entries(options)) {
    if (key === 'proxy_http_headers' || key === 'granular_proxy_mode') continue;
    const path = modernName(key, value) ?? key;
    put(newer, path, key.endsWith('namespaces') && Array.isArray(value) ? value.map(newerNamespace) : value);
    // In version 5, an endpoint was enough to enable it.
    const [, group] = /^(client\.proxy\.\w+)\.endpoint$/.exec(path) ?? [];
    if (group !== undefined) put(newer, `${group}.enabled`, value !== '');
    if (group !== undefined && proxyHeaders !== undefined) put(newer, `${group}.http_headers`, proxyHeaders);
    if (proxyHeaders !== undefined && /^(?:channel\.proxy\.\w+|rpc\.proxy)\.endpoint$/.test(path)) {
      put(newer, path.replace(/endpoint$/, 'http_headers'), proxyHeaders);
    }
  }
  if (typeof options.broker === 'string' && options.broker !== '') put(newer, 'broker.enabled', true);
  return newer;
}

function modernName(key: string, value: unknown): string | undefined {
  if (renamed[key] !== undefined) return renamed[key];
  if ((key === 'engine' || key === 'broker') && typeof value === 'string') return `${key}.type`;
  if (switches.has(key) && !isFields(value)) return `${key}.enabled`;
  if (ofChannels.test(key)) return `channel.without_namespace.${newerRuleName(key)}`;
  const group = groups.find(([prefix]) => key.startsWith(prefix));
  return group && group[1] + key.slice(group[0].length);
}

function newerNamespace(namespace: unknown): unknown {
  if (!isFields(namespace)) return namespace;
  return Object.fromEntries(Object.entries(namespace).map(([key, value]) => [newerRuleName(key), value]));
}

function newerRuleName(key: string): string {
  const [, kind] = /^proxy_(subscribe|publish|sub_refresh|subscribe_stream)$/.exec(key) ?? [];
  if (kind !== undefined) return `${kind}_proxy_enabled`;
  if (key === 'proxy_rpc') return 'proxy_enabled';
  return key === 'rpc_proxy_name' ? 'proxy_name' : key;
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let at = target;
  for (const key of keys) {
    const below = isFields(at[key]) ? { ...at[key] } : {};
    at[key] = below;
    at = below;
  }
  at[last] = value;
}
