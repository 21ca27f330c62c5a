/** What replaces each option of Centrifugo 6: one table, for `fanfare migrate` and for its page. */

import type { OptionPath } from '../../config/options.js';
import { type Conversion, logLevel, seconds, whole } from './values.js';

export type Answer =
  /** Becomes this option. */
  | { readonly to: OptionPath; readonly as?: Conversion; readonly note?: string }
  /** Several options together become one, by code in a separate file. */
  | { readonly with: 'channels' | 'hooks' | 'broker' | 'keys' | 'listeners'; readonly about: string }
  /** Not supported, which matters if it is set. */
  | { readonly refused: string; readonly usual?: unknown }
  /** Nothing needs to be done. */
  | { readonly needless: string };

const proxies = 'the endpoint and timeout of the hook; one backend for each kind of question';
const noGrpc = 'there is no GRPC';
const ownBroker = 'history and presence are kept by the broker: one for all';

/** By path. A path that ends with a dot applies to everything below it; the longest match wins. */
export const answers: Readonly<Record<string, Answer>> = {
  'http_server.address': { with: 'listeners', about: '`host`; empty is 0.0.0.0' },
  'http_server.port': { to: 'port', as: whole },
  'http_server.internal_address': { with: 'listeners', about: '`internal.host`' },
  'http_server.internal_port': { with: 'listeners', about: '`internal.port`; the API is there alone, too' },
  'http_server.tls.': { with: 'listeners', about: '`tls.certFile` and `tls.keyFile`, from files' },
  'http_server.tls_autocert.': { refused: 'certificates are not fetched: use certbot or a proxy, and tls.certFile' },
  'http_server.tls_external': { refused: 'TLS is on the port of clients alone' },
  'http_server.internal_tls.': { refused: 'the internal listener has no TLS: keep it on an address of the inside' },
  'http_server.http3.': { refused: 'there is no HTTP/3' },
  'http_server.h2c_external': { refused: 'HTTP/2 needs TLS here' },
  'log.level': { to: 'log.level', as: logLevel },
  'log.file': { refused: 'logs go to standard error: let the service manager write them' },
  'engine.': { with: 'broker', about: '`broker`, with the address of Redis' },
  'broker.': { with: 'broker', about: '`broker`, with the address of NATS or Redis' },
  'presence_manager.': { refused: ownBroker },
  'controller.': { refused: ownBroker },
  'map_broker.': { needless: 'maps are kept where the broker keeps histories' },
  'shared_poll.': { refused: 'there are no shared polls' },
  'client.proxy.': { with: 'hooks', about: '`hooks.connect`, `hooks.refresh`' },
  'client.allowed_origins': { with: 'listeners', about: '`origins`; patterns have their * in the first label alone' },
  'client.token.': {
    with: 'keys',
    about: '`token.secret`, `token.keys`, `token.jwks`, `token.audience`, `token.issuer`',
  },
  'client.subscription_token.': {
    refused: 'subscription tokens are signed with the same keys as those of connections',
  },
  'client.allow_anonymous_connect_without_token': { to: 'anonymous' },
  'client.disallow_anonymous_connection_tokens': { needless: 'tokens without a user are not accepted as somebody' },
  'client.ping_interval': { to: 'limits.pingInterval', as: seconds },
  'client.pong_timeout': { to: 'limits.pongTimeout', as: seconds },
  'client.expired_close_delay': { to: 'limits.expiredGrace', as: seconds },
  'client.expired_sub_close_delay': { needless: 'subscriptions have the time of `limits.expiredGrace` as well' },
  'client.stale_close_delay': { to: 'limits.connectTimeout', as: seconds },
  'client.channel_limit': { to: 'limits.maxChannelsPerConnection', as: whole },
  'client.queue_max_size': { to: 'limits.maxQueueBytes', as: whole },
  'client.presence_update_interval': { needless: 'presence is renewed by itself, by `limits.presenceTtl`' },
  'client.concurrency': { needless: 'commands wait for those about the same channel alone' },
  'client.channel_position_check_delay': { needless: 'places are compared by themselves' },
  'client.channel_position_max_time_lag': { needless: 'places are compared by themselves' },
  'client.connection_limit': { to: 'limits.maxConnections', as: whole },
  'client.user_connection_limit': { to: 'limits.maxConnectionsPerUser', as: whole, note: 'over all nodes' },
  'client.connection_rate_limit': { to: 'limits.connectsPerSec', as: whole },
  'client.connect_include_server_time': { refused: 'replies to connect have no time' },
  'client.history_max_publication_limit': { to: 'limits.maxHistoryPublications', as: whole },
  'client.recovery_max_publication_limit': { to: 'limits.maxRecoveredPublications', as: whole },
  'client.insecure_skip_token_signature_verify': { refused: 'tokens are always verified' },
  'client.user_id_http_header': { refused: 'let `hooks.connect` read the header, with `hooks.headers`' },
  'client.insecure': { refused: 'rules say who may do what; `fanfare dev` is open on this machine alone' },
  'client.subscribe_to_user_personal_channel.': {
    with: 'channels',
    about: '`personal.channel`, `personal.singleConnection`',
  },
  'client.connect_code_to_unidirectional_disconnect.': { refused: 'codes are not translated' },
  'channel.proxy.': { with: 'hooks', about: '`hooks.subscribe`, `hooks.publish`, `hooks.subRefresh`' },
  'channel.without_namespace.': { with: 'channels', about: 'the rule `{name}`, for names without a colon' },
  'channel.namespaces': { with: 'channels', about: 'a rule `name:{rest*}` for each' },
  'channel.history_meta_ttl': { needless: 'positions outlive what is kept by a day or more' },
  'channel.publication_data_format': { with: 'channels', about: '`data: bytes` in the rules, for `binary`' },
  'channel.max_length': { refused: 'names have up to 255 bytes', usual: 255 },
  'channel.private_prefix': { refused: 'write a rule for names that begin so, with `subscribe: token`', usual: '$' },
  'channel.namespace_boundary': { refused: 'segments end at colons', usual: ':' },
  'channel.user_boundary': { refused: 'users stand behind a #', usual: '#' },
  'channel.user_separator': { refused: 'users have commas between them', usual: ',' },
  'rpc.proxy.': { with: 'hooks', about: '`hooks.rpc`' },
  'rpc.without_namespace.': { with: 'hooks', about: '`hooks.rpc` answers every method' },
  'rpc.namespaces': { with: 'hooks', about: '`hooks.rpc` answers every method' },
  'rpc.ping.': { refused: 'let `hooks.rpc` answer it' },
  'rpc.namespace_boundary': { needless: '`hooks.rpc` answers every method' },
  proxies: { with: 'hooks', about: proxies },
  'http_api.disabled': { needless: 'without a key there is no API' },
  'http_api.handler_prefix': { refused: 'the API is at /api', usual: '/api' },
  'http_api.key': { with: 'keys', about: '`api.keys`, of at least 32 bytes' },
  'http_api.error_mode': { refused: 'callers ask for it, with the header `X-Centrifugo-Error-Mode: transport`' },
  'http_api.external': { with: 'listeners', about: '`api.internalOnly: false`' },
  'http_api.insecure': { to: 'api.insecure', note: 'on loopback addresses only' },
  'grpc_api.': { refused: noGrpc },
  consumers: { refused: 'nothing is read from queues or databases: let your backend call the API' },
  'websocket.disabled': { refused: 'WebSocket is always there' },
  'websocket.handler_prefix': { to: 'path' },
  'websocket.message_size_limit': { to: 'limits.maxFrameBytes', as: whole },
  'websocket.compression': { to: 'deflate.enabled' },
  'websocket.compression_min_size': { to: 'deflate.minBytes', as: whole },
  'websocket.': { needless: 'buffers, caches and the level of compression need no setting' },
  'sse.enabled': { to: 'transports.sse' },
  'sse.handler_prefix': { refused: 'it is at /connection/sse', usual: '/connection/sse' },
  'http_stream.enabled': { to: 'transports.httpStream' },
  'http_stream.handler_prefix': { refused: 'it is at /connection/http_stream', usual: '/connection/http_stream' },
  'sse.': { needless: '`limits.maxFrameBytes` is for all' },
  'http_stream.': { needless: '`limits.maxFrameBytes` is for all' },
  'emulation.handler_prefix': { refused: 'it is at /emulation', usual: '/emulation' },
  'emulation.': { needless: '`limits.maxFrameBytes` is for all' },
  'webtransport.': { refused: 'there is no WebTransport' },
  'uni_sse.enabled': { to: 'transports.oneWay' },
  'uni_http_stream.enabled': { to: 'transports.oneWay' },
  'uni_websocket.enabled': { to: 'transports.oneWay' },
  'uni_sse.': { refused: 'one-way endpoints have paths and bytes of their own: see transports.md', usual: '*' },
  'uni_http_stream.': { refused: 'one-way endpoints have paths and bytes of their own: see transports.md', usual: '*' },
  'uni_websocket.': { refused: 'one-way endpoints have paths and bytes of their own: see transports.md', usual: '*' },
  'uni_grpc.': { refused: noGrpc },
  'admin.': { refused: 'the console is at `/console/` and has a password of its own: `console.password`' },
  'prometheus.enabled': { to: 'metrics', note: 'at /metrics; on the internal port they are always there' },
  'prometheus.': { refused: 'metrics are at /metrics, under names of their own', usual: '*' },
  'health.enabled': { needless: '`/health/live` and `/health/ready` are always there' },
  'health.handler_prefix': { refused: 'it is /health/live and /health/ready', usual: '/health' },
  'swagger.': { refused: 'docs/api/openapi.yaml describes the API' },
  'debug.': { refused: 'Node has --inspect' },
  'init.': { refused: 'there is no such endpoint' },
  'opentelemetry.enabled': { to: 'tracing', note: 'with an SDK that NODE_OPTIONS loads: see tracing.md' },
  'opentelemetry.': { needless: '`tracing` is for the API, the broker and hooks; the SDK has the rest' },
  'graphite.': { refused: 'metrics are those of Prometheus' },
  'usage_stats.': { needless: 'nothing is sent anywhere' },
  'node.name': { needless: 'nodes name themselves' },
  'node.info_metrics_aggregate_interval': { needless: 'there are no such metrics' },
  'shutdown.timeout': { to: 'shutdown.deadline', as: seconds },
  pid_file: { refused: 'the service manager knows the process' },
  enable_unreleased_features: { needless: 'there are none' },
};

/** The entry that applies to a path. */
export function answerTo(path: string): { readonly key: string; readonly answer: Answer } | undefined {
  for (let key = path; key !== ''; key = above(key)) {
    const answer = answers[key];
    if (answer !== undefined) return { key, answer };
  }
  return undefined;
}

/** `a.b.c`, `a.b.`, `a.`, and then nothing. */
function above(key: string): string {
  return key.slice(0, key.lastIndexOf('.', key.length - 2) + 1);
}
