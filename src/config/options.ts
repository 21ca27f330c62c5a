/**
 * The table of all options, from which help, checks and the reference page are made. One table, whatever its length.
 */

import { logLevels } from '../engine/ports/logger.js';
import { proxyHeaders } from '../model/proxy-header.js';
import { defaultStreamBodyBytes, maxStreamBodyBytes } from '../model/stream-body.js';
import { channels } from './channel-config.js';
import { allEventTypes, baseUrl, eventList, headerList, headerValues, hook, maxHookTimeoutMs } from './hook-config.js';
import { limitOptions } from './limits.js';
import { type Option, option } from './option.js';
import { broker, bytes, choice, duration, flag, integer, list, origins, secrets, text } from './option-kinds.js';
import { OptionTable } from './option-table.js';
import { keySets, publicKeys } from './token-config.js';

const port = { max: 65_535 };
const path = {
  pattern: /^\/[\w./~-]*$/,
  message: 'is not a path; it begins with / and has letters, digits, . _ ~ - only',
};

export const options = {
  host: option(
    text(),
    'Address to listen on. 0.0.0.0 or :: listens on all addresses; by default only this machine can connect.',
    { default: '127.0.0.1' },
  ),
  port: option(integer(port), 'Port to listen on.', { default: 8_000, zero: 'Any free port.' }),
  workers: option(
    integer({ min: 1, max: 128 }),
    'Processes that share the port, for example one for each core. Without a broker they share one of their own.',
    { default: 1 },
  ),
  path: option(text(path), 'Path of the WebSocket endpoint.', { default: '/connection/websocket' }),
  'tls.certFile': option(
    text(),
    'File with the certificate and the intermediate certificates, in PEM, for HTTPS with HTTP/2 and HTTP/1.1 on the public port. Relative to the working directory. Read again when it changes.',
    { unset: 'plain HTTP', reload: true },
  ),
  'tls.keyFile': option(
    text(),
    'File with the private key of tls.certFile, in PEM, without a passphrase. Relative to the working directory.',
    { unset: 'none', reload: true },
  ),
  'transports.httpStream': option(
    flag(),
    'Accept clients over HTTP streaming, at /connection/http_stream, where WebSocket is blocked.',
    { default: true },
  ),
  'transports.longPolling': option(
    flag(),
    'Accept clients over long polling, at /connection/long_polling, where streams are blocked too.',
    { default: true },
  ),
  'transports.sse': option(
    flag(),
    'Accept clients over server-sent events, at /connection/sse. The SDK then puts its token into the URL.',
    { default: false },
  ),
  'transports.oneWay': option(
    flag(),
    'Serve consumers that only listen and have no SDK: EventSource at /sse, curl at /stream, plain WebSocket at /ws.',
    { default: false },
  ),
  'durableStreams.path': option(
    text({
      pattern: /^\/[\w.~-]+(?:\/[\w.~-]+)*$/,
      message: 'is not a path; it begins with /, does not end with it, and has letters, digits, . _ ~ - only',
    }),
    'Serve the histories of channels by the Durable Streams protocol, for its clients and for caches, below this path, such as /streams. The rules of channels say who may read and write; api.keys may do everything.',
    { unset: 'not served' },
  ),
  'durableStreams.readOnly': option(
    flag(),
    'Durable Streams can be read, not written. Needed with RabbitMQ, which cannot keep the state of streams that are written.',
    { default: false },
  ),
  'durableStreams.writersMayDelete': option(
    flag(),
    'Whoever may publish to a channel may delete its stream, with the history. Otherwise that takes one of api.keys.',
    { default: false },
  ),
  'durableStreams.maxBodyBytes': option(
    bytes({ min: 1_024, max: maxStreamBodyBytes }),
    'Largest body of one request to Durable Streams. Their clients gather 1MiB by default. At most 16MiB.',
    { default: defaultStreamBodyBytes },
  ),
  'deflate.enabled': option(
    flag(),
    'Compress messages on WebSockets whose clients support it, each once, however many clients get it. Not if a message may have both a secret and what an attacker can choose: docs/guide/compression.md.',
    { default: false },
  ),
  'deflate.minBytes': option(bytes(), 'Shortest message that is compressed.', { default: 256, zero: 'All messages.' }),
  'deflate.dictionary': option(
    flag(),
    'With deflate.enabled, for clients that can read it: compress with a dictionary of the names of all channels and the keys and listed values of their schemas. Whoever connects gets it.',
    { default: false },
  ),
  origins: option(
    origins(),
    'Web origins whose pages may connect, exactly as browsers send them, or * for all. In https://*.example.com the * is one label. Native shells have origins like capacitor://localhost; files and sandboxed frames have the origin null.',
    { unset: 'pages of the host that they connect to', reload: true },
  ),
  trustProxies: option(
    list(),
    'Addresses or networks of the proxies that are trusted to send the address of a client, like 10.0.0.0/8.',
    { default: [] },
  ),
  proxyHeader: option(
    choice(proxyHeaders),
    'Header in which the trusted proxies send the address of the client. The other header is ignored, since a client may have sent it.',
    { default: 'X-Forwarded-For' },
  ),
  proxyProtocol: option(
    flag(),
    'Require the header of the PROXY protocol, version 1 or 2, from one of trustProxies at the start of each connection to the public port; refuse others. For proxies that only forward bytes.',
    { default: false },
  ),
  metrics: option(flag(), 'Serve /metrics on the public port. Prefer internal.port, which clients cannot reach.', {
    default: false,
  }),
  'internal.host': option(text(), 'Address of the internal listener.', { default: '127.0.0.1' }),
  'internal.port': option(
    integer(port),
    'Port of a second listener for /metrics, /health/* and the HTTP API, which clients cannot use.',
    { unset: 'no internal listener', zero: 'Any free port.' },
  ),
  'api.keys': option(
    secrets(),
    'Key of the HTTP API: at least 32 bytes. A text is one key; several, for rotation, are in api.keysFile or a list, and all are accepted. Adding the first one needs a restart.',
    { unset: 'no HTTP API', secret: true, reload: true },
  ),
  'api.keysFile': option(
    text(),
    'File with one key or more, one on each line. Relative to the working directory. Instead of api.keys.',
    { unset: 'none', reload: true },
  ),
  'api.internalOnly': option(
    flag(),
    'Serve the HTTP API on the internal listener only. Otherwise it is on the public port too.',
    { default: false },
  ),
  'api.insecure': option(
    flag(),
    'Serve the HTTP API without keys to programs on this machine. Allowed on loopback addresses only.',
    { default: false },
  ),
  'api.maxBodyBytes': option(bytes({ min: 1_024 }), 'Largest request to the HTTP API.', { default: 1_048_576 }),
  'console.password': option(
    secrets(),
    'Password of the console, a page for operators at /console/: at least 12 bytes. On the internal listener, or on the public port without one. A text is one password; several, for a change, are in console.passwordFile or a list. Adding the first one needs a restart.',
    { unset: 'no console, except in development mode', secret: true, reload: true },
  ),
  'console.passwordFile': option(
    text(),
    'File with one password or more, one on each line. Relative to the working directory. Instead of console.password.',
    { unset: 'none', reload: true },
  ),
  'token.secret': option(
    secrets(),
    'Secret shared with the backends that make tokens: at least 32 bytes. A text is one secret; several are in token.secretFile or a list. All are accepted, and the first one signs.',
    { unset: 'no tokens are accepted', secret: true, reload: true },
  ),
  'token.secretFile': option(
    text(),
    'File with one secret or more, one on each line. Relative to the working directory. Instead of token.secret.',
    { unset: 'none', reload: true },
  ),
  'token.algorithm': option(choice(['HS256', 'HS384', 'HS512']), 'Algorithm that tokens must have.', {
    default: 'HS256',
    reload: true,
  }),
  'token.keys': option(
    publicKeys(),
    'Public keys of other issuers of tokens, as PEM in key or in a file, each for one algorithm. A key with kid is only for tokens that name it.',
    { default: [], reload: true },
  ),
  'token.jwks': option(
    keySets(),
    'Key sets (JWKS) of identity providers, over https, or http on this machine. If there are several, each needs its issuer. RS256, ES256, EdDSA and Ed25519 are accepted unless algorithms is set.',
    { default: [], reload: true },
  ),
  'token.issuer': option(text(), 'What iss must be in tokens.', { unset: 'not checked', reload: true }),
  'token.audience': option(text(), 'What aud must contain in tokens.', { unset: 'not checked', reload: true }),
  anonymous: option(flag(), 'Accept clients without a token, as anonymous users.', { default: false, reload: true }),
  'personal.channel': option(
    text(),
    'Channel that the server subscribes each user to, with {user} in place of the user id: personal:#{user}. Anonymous clients get none. It needs a rule, which should not let others subscribe.',
    { unset: 'none', reload: 'connections' },
  ),
  'personal.singleConnection': option(
    flag(),
    'A new connection of a user ends its earlier ones, on all nodes, with 3504. Each new connection costs a message to every node.',
    { default: false, reload: 'connections' },
  ),
  channels: option(
    channels(),
    'Channel rules by pattern; the first pattern that matches a name applies. A channel without a rule does not exist.',
    { default: {}, reload: true },
  ),
  'hooks.url': option(
    baseUrl(),
    'Address of the backend, which precedes hooks that are given as a path, like /connect.',
    { unset: 'none', reload: true },
  ),
  'hooks.secret': option(
    secrets(),
    'Secret that signs calls to the backend: at least 32 bytes. A text is one secret; several, for rotation, are in hooks.secretFile or a list, and all sign.',
    { unset: 'calls are not signed', secret: true, reload: true },
  ),
  'hooks.secretFile': option(
    text(),
    'File with one secret or more, one on each line. Relative to the working directory. Instead of hooks.secret.',
    { unset: 'none', reload: true },
  ),
  'hooks.connect': option(
    hook(),
    'Asked who a client is that connects without a token. Without token.secret it is also asked about clients with a token, which it gets.',
    { unset: 'clients need a token', reload: true },
  ),
  'hooks.refresh': option(
    hook(),
    'Asked whether a client that hooks.connect accepted may stay when its expire_at is reached.',
    { unset: 'an expired connection is closed, and the client connects again', reload: true },
  ),
  'hooks.subscribe': option(
    hook(),
    'Asked whether a client may subscribe to a channel whose rule has "subscribe": "hook".',
    { unset: 'none', reload: true },
  ),
  'hooks.subRefresh': option(
    hook(),
    'Asked whether a subscription that hooks.subscribe allowed may continue when its expire_at is reached.',
    { unset: 'an expired subscription ends, and the client subscribes again', reload: true },
  ),
  'hooks.publish': option(hook(), 'Asked whether a client may publish to a channel whose rule has "publish": "hook".', {
    unset: 'none',
    reload: true,
  }),
  'hooks.rpc': option(hook(), 'Answers the procedure calls of clients.', {
    unset: 'there are no procedures',
    reload: true,
  }),
  'hooks.events': option(
    hook(),
    'Receives events about clients and channels, afterwards and at least once; see hooks.eventTypes.',
    { unset: 'events are not sent', reload: true },
  ),
  'hooks.eventTypes': option(eventList(), 'Events that hooks.events receives.', {
    default: allEventTypes,
    reload: true,
  }),
  'hooks.timeout': option(
    duration({ min: 1, max: maxHookTimeoutMs }),
    'How long a backend may take to answer. A call may first wait for its turn for as long. At most 10s.',
    { default: 1_000, reload: true },
  ),
  'hooks.headers': option(
    headerList(),
    'Headers of the client that are forwarded to hooks, like Cookie. X-Real-IP and X-Forwarded-For carry the address of the client, as trustProxies determines it.',
    { default: [], reload: true },
  ),
  'hooks.emulatedHeaders': option(
    headerList(true),
    'Headers that clients may send in their connect command, for browsers that cannot set real ones. They are forwarded if there is no real one, and named in X-Fanfare-Emulated: only the client vouches for them.',
    { default: [], reload: true },
  ),
  'hooks.staticHeaders': option(headerValues(), 'Headers of every call.', { default: {}, secret: true, reload: true }),
  'hooks.includeMeta': option(
    flag(),
    'Send hooks the meta that the token or hooks.connect attached to the connection.',
    { default: false, reload: true },
  ),
  'hooks.maxInFlight': option(integer({ min: 1 }), 'Calls of one hook that a backend works on at the same time.', {
    default: 64,
    reload: true,
  }),
  'hooks.maxWaiting': option(integer(), 'Calls of one hook that wait for their turn; further ones fail at once.', {
    default: 256,
    zero: 'None waits.',
    reload: true,
  }),
  'hooks.breakerFailures': option(
    integer({ min: 1 }),
    'Calls in a row without an answer after which a hook fails at once until the backend is back.',
    { default: 5, reload: true },
  ),
  'hooks.maxResponseBytes': option(bytes({ min: 1_024 }), 'Largest answer of a backend.', {
    default: 65_536,
    reload: true,
  }),
  'hooks.maxQueuedEvents': option(
    integer({ min: 1 }),
    'Events that wait for hooks.events; beyond that, the oldest are dropped.',
    { default: 10_000, reload: true },
  ),
  'hooks.refreshGrace': option(
    duration(),
    'How long connections and subscriptions may outlive their expiry while the backend does not answer.',
    { default: 300_000, zero: 'They end at once.', reload: true },
  ),
  broker: option(
    broker(),
    'What carries publications between nodes and keeps history and presence: memory, for a single node, or redis://user:password@host:6379/0, rediss:// with TLS, redis+sentinel://host:26379,host:26379/name, redis+cluster://host:6379,host:6379. Several servers are separated by spaces. Or nats://user:password@host:4222,host:4222, tls:// with TLS. Or amqp://user:password@host:5672/vhost for RabbitMQ, amqps:// with TLS.',
    { default: 'memory' },
  ),
  'redis.prefix': option(
    text({ pattern: /^[\w.:/-]{1,64}$/, message: 'is not a prefix; it has up to 64 letters, digits and . : / _ -' }),
    'Prefix of all keys and channels in Redis. Fleets that share a server need different ones.',
    { default: 'fanfare' },
  ),
  'nats.prefix': option(
    text({ pattern: /^[\w-]{1,64}$/, message: 'is not a prefix; it has up to 64 letters, digits and _ -' }),
    'Prefix of all subjects and streams in NATS. Fleets that share an account need different ones.',
    { default: 'fanfare' },
  ),
  'nats.replicas': option(
    integer({ min: 1, max: 5 }),
    'Servers of a NATS cluster that store each stream, when the streams are made: 1 or 3. More than 1 needs nats-server 2.11.',
    { default: 1 },
  ),
  'nats.credentialsFile': option(
    text(),
    'File with the credentials (JWT and NKey) of a NATS user. Relative to the working directory.',
    { unset: 'none' },
  ),
  'rabbitmq.prefix': option(
    text({ pattern: /^[\w.:/-]{1,64}$/, message: 'is not a prefix; it has up to 64 letters, digits and . : / _ -' }),
    'Prefix of all exchanges and queues in RabbitMQ. Fleets that share a virtual host need different ones.',
    { default: 'fanfare' },
  ),
  'rabbitmq.history': option(
    flag(),
    'Keep history in a stream of RabbitMQ, which every node reads completely. Otherwise rules with history are refused.',
    { default: true },
  ),
  'memory.maxHistoryBytes': option(
    bytes({ min: 1_024 }),
    'Size of the histories of all channels in memory; beyond that, unused channels are emptied.',
    { default: 268_435_456 },
  ),
  'memory.maxMapBytes': option(
    bytes({ min: 1_024 }),
    'Size of the keys and values of all maps in memory; what would exceed it is refused.',
    { default: 268_435_456 },
  ),
  ...limitOptions,
  'log.level': option(choice(logLevels), 'Lowest level of log lines that are written, as JSON on standard error.', {
    default: 'info',
    reload: true,
  }),
  tracing: option(
    flag(),
    'Record spans through @opentelemetry/api, which has to be installed together with an SDK that NODE_OPTIONS loads; see tracing.md.',
    { default: false },
  ),
  'shutdown.deadline': option(
    duration(),
    'How long a graceful shutdown may take after SIGTERM or SIGINT. Clients are told to reconnect, spread over that time.',
    { default: 25_000, zero: 'All connections are cut at once.', reload: true },
  ),
  'shutdown.clientsPerSec': option(
    integer({ min: 1 }),
    'Clients a second that a graceful shutdown disconnects; more, with a warning, if shutdown.deadline would be missed.',
    { unset: 'as slowly as the deadline allows, but no slower than 20', reload: true },
  ),
  'shutdown.delay': option(
    duration(),
    'How long after the signal clients are still accepted while readiness already fails, for load balancers that do not try another node. Part of shutdown.deadline.',
    { default: 0, zero: 'New clients are refused at once.', reload: true },
  ),
} as const;

type Table = typeof options;
export type OptionPath = keyof Table;
/** Parsed values: durations in milliseconds, sizes in bytes. */
export type OptionValues = { readonly [Path in OptionPath]: Table[Path]['default'] };

export const optionTable = new OptionTable(options);
export const optionPaths = optionTable.paths;

export function isOptionPath(path: string): path is OptionPath {
  return optionTable.has(path);
}

/** The option of a path that is only known at run time. */
export function optionAt(path: OptionPath): Option<unknown, unknown> {
  return optionTable.at(path);
}

/** The value as a person would write it; secrets are masked. */
export function formatValue(path: OptionPath, value: unknown): string {
  const { kind, unset, secret } = optionAt(path);
  if (value === undefined) return unset ?? 'not set';
  return secret ? '(secret)' : kind.format(value as NonNullable<unknown>);
}

type InputOf<Path extends OptionPath> = Table[Path] extends Option<infer Input, unknown> ? Input : never;
type GroupOf<Path> = Path extends `${infer Group}.${string}` ? Group : never;

/** The contents of a configuration file. */
export type FanfareConfig = {
  readonly [Path in OptionPath as Path extends `${string}.${string}` ? never : Path]?: InputOf<Path>;
} & {
  readonly [Group in GroupOf<OptionPath>]?: {
    readonly [Path in OptionPath as Path extends `${Group}.${infer Name}` ? Name : never]?: InputOf<Path>;
  };
};

/**
 * Gives `fanfare.config.ts` its types; returns its argument.
 *
 * @example export default defineConfig({ port: 8000, channels: { news: { subscribe: 'anyone' } } });
 */
export function defineConfig(config: FanfareConfig): FanfareConfig {
  return config;
}
