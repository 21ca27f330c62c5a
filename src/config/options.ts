/**
 * The table of all options: name, kind, default, meaning. Help, checks and the reference page are made from it. One
 * table, however long.
 */

import { proxyHeaders } from '../model/proxy-header.js';
import { channels } from './channel-config.js';
import { allEventTypes, baseUrl, eventList, headerList, headerValues, hook, maxHookTimeoutMs } from './hook-config.js';
import { limitOptions } from './limits.js';
import { type Option, option } from './option.js';
import { broker, bytes, choice, duration, flag, integer, list, origins, secrets, text } from './option-kinds.js';
import { keySets, publicKeys } from './token-config.js';

const port = { max: 65_535 };
const path = {
  pattern: /^\/[\w./~-]*$/,
  message: 'is no path; it begins with / and has letters, digits, . _ ~ - only',
};

export const options = {
  host: option(text(), {
    default: '127.0.0.1',
    about: 'Address to listen on. 0.0.0.0 or :: listens on all; the default is reachable from this machine alone.',
  }),
  port: option(integer(port), { default: 8_000, about: 'Port to listen on.', zero: 'Any free port.' }),
  workers: option(integer({ min: 1, max: 128 }), {
    default: 1,
    about: 'Processes that share the port, one for each core perhaps; without a broker they have one among themselves.',
  }),
  path: option(text(path), { default: '/connection/websocket', about: 'Path of the WebSocket endpoint.' }),
  'tls.certFile': option(text(), {
    unset: 'plain HTTP',
    about:
      'File with the certificate, and those between it and the root, in PEM: HTTPS, with HTTP/2 beside HTTP/1.1, on the public port. Relative to the working directory. Read again when it changes.',
    reload: true,
  }),
  'tls.keyFile': option(text(), {
    unset: 'none',
    about:
      'File with the private key of tls.certFile, in PEM, without a passphrase. Relative to the working directory.',
    reload: true,
  }),
  'transports.httpStream': option(flag(), {
    default: true,
    about: 'Let clients in by HTTP streaming, at /connection/http_stream, where WebSocket cannot pass.',
  }),
  'transports.longPolling': option(flag(), {
    default: true,
    about: 'Let clients in by long polling, at /connection/long_polling, where not even a stream passes.',
  }),
  'transports.sse': option(flag(), {
    default: false,
    about: 'Let clients in by server-sent events, at /connection/sse. The SDK puts its token into the URL there.',
  }),
  'transports.oneWay': option(flag(), {
    default: false,
    about:
      'Serve consumers that only listen and have no SDK: EventSource at /sse, curl at /stream, plain WebSocket at /ws.',
  }),
  origins: option(origins(), {
    unset: 'pages of the host that they connect to',
    about:
      'Web origins whose pages may connect, exactly as browsers send them, or * for all. In https://*.example.com the * is one label. Native shells have origins like capacitor://localhost; null is that of files and sandboxed frames.',
    reload: true,
  }),
  trustProxies: option(list(), {
    default: [],
    about:
      'Addresses or networks of the proxies whose word about the address of a client is believed, like 10.0.0.0/8.',
  }),
  proxyHeader: option(choice(proxyHeaders), {
    default: 'X-Forwarded-For',
    about:
      'Header in which the trusted proxies say it: the one that they set or add to. The other one is never believed, since a client may have sent it.',
  }),
  proxyProtocol: option(flag(), {
    default: false,
    about:
      'Connections to the public port begin with the PROXY protocol, version 1 or 2, by one of trustProxies; others are refused. For proxies that pass bytes on.',
  }),
  metrics: option(flag(), {
    default: false,
    about: 'Serve /metrics on the public port. Prefer internal.port, which clients cannot reach.',
  }),
  'internal.host': option(text(), { default: '127.0.0.1', about: 'Address of the internal listener.' }),
  'internal.port': option(integer(port), {
    unset: 'no internal listener',
    about: 'Port of a second listener with /metrics, /health/* and the HTTP API, and without clients.',
    zero: 'Any free port.',
  }),
  'api.keys': option(secrets(), {
    unset: 'no HTTP API',
    about:
      'Key of the HTTP API: at least 32 bytes, one in a text. Several, for rotation, are in api.keysFile or a list; all are accepted. The first one needs a restart.',
    secret: true,
    reload: true,
  }),
  'api.keysFile': option(text(), {
    unset: 'none',
    about: 'File with the key, or with several, one a line. Relative to the working directory. Instead of api.keys.',
    reload: true,
  }),
  'api.internalOnly': option(flag(), {
    default: false,
    about: 'Serve the HTTP API on the internal listener alone. Without, it is on the public port as well.',
  }),
  'api.insecure': option(flag(), {
    default: false,
    about: 'Serve the HTTP API without keys to programs on this machine. Refused on other than loopback addresses.',
  }),
  'api.maxBodyBytes': option(bytes({ min: 1_024 }), {
    default: 1_048_576,
    about: 'Largest request to the HTTP API.',
  }),
  'token.secret': option(secrets(), {
    unset: 'no tokens are accepted',
    about:
      'Secret shared with the backends that make tokens: at least 32 bytes, one in a text. Several are in token.secretFile or a list; all are accepted, and the first signs.',
    secret: true,
    reload: true,
  }),
  'token.secretFile': option(text(), {
    unset: 'none',
    about:
      'File with the secret, or with several, one a line. Relative to the working directory. Instead of token.secret.',
    reload: true,
  }),
  'token.algorithm': option(choice(['HS256', 'HS384', 'HS512']), {
    default: 'HS256',
    about: 'Algorithm that tokens must have.',
    reload: true,
  }),
  'token.keys': option(publicKeys(), {
    default: [],
    about:
      'Public keys of others who make tokens: PEM as key, or a file of it, each for one algorithm. With kid, for tokens that name it alone.',
    reload: true,
  }),
  'token.jwks': option(keySets(), {
    default: [],
    about:
      'Key sets (JWKS) of identity providers. https, or http on this machine. Several: each with its issuer. RS256, ES256, EdDSA and Ed25519 unless algorithms says otherwise.',
    reload: true,
  }),
  'token.issuer': option(text(), { unset: 'not checked', about: 'What iss must be in tokens.', reload: true }),
  'token.audience': option(text(), { unset: 'not checked', about: 'What aud must contain in tokens.', reload: true }),
  anonymous: option(flag(), {
    default: false,
    about: 'Let clients in that bring no token, as nobody in particular.',
    reload: true,
  }),
  'personal.channel': option(text(), {
    unset: 'none',
    about:
      'Channel that each user is subscribed to without asking, with {user} in the place of its id: personal:#{user}. Anonymous clients get none. It needs a rule, which best lets nobody else subscribe.',
    reload: 'connections',
  }),
  'personal.singleConnection': option(flag(), {
    default: false,
    about:
      'A new connection of a user ends those that it had, on all nodes, with 3504. Each new connection is then a message to every node.',
    reload: 'connections',
  }),
  channels: option(channels(), {
    default: {},
    about:
      'Channel rules by pattern; the first pattern that matches a name is its rule. Without a rule, no channel exists.',
    reload: true,
  }),
  'hooks.url': option(baseUrl(), {
    unset: 'none',
    about: 'Address of the backend, before those hooks that are given as a path, like /connect.',
    reload: true,
  }),
  'hooks.secret': option(secrets(), {
    unset: 'calls are not signed',
    about:
      'Secret that signs what is sent to the backend: at least 32 bytes, one in a text. Several, for rotation, are in hooks.secretFile or a list; all sign.',
    secret: true,
    reload: true,
  }),
  'hooks.secretFile': option(text(), {
    unset: 'none',
    about:
      'File with the secret, or with several, one a line. Relative to the working directory. Instead of hooks.secret.',
    reload: true,
  }),
  'hooks.connect': option(hook(), {
    unset: 'clients need a token',
    about:
      'Asked who a client is that connects without a token. Where there is no token.secret, with its token if it has one.',
    reload: true,
  }),
  'hooks.refresh': option(hook(), {
    unset: 'what has expired is closed, and connects again',
    about: 'Asked whether a client that hooks.connect let in may stay when its expire_at has come.',
    reload: true,
  }),
  'hooks.subscribe': option(hook(), {
    unset: 'none',
    about: 'Asked whether a client may subscribe to a channel whose rule has "subscribe": "hook".',
    reload: true,
  }),
  'hooks.subRefresh': option(hook(), {
    unset: 'what has expired ends, and is subscribed to again',
    about: 'Asked whether a subscription that hooks.subscribe allowed may go on when its expire_at has come.',
    reload: true,
  }),
  'hooks.publish': option(hook(), {
    unset: 'none',
    about: 'Asked whether a client may publish to a channel whose rule has "publish": "hook".',
    reload: true,
  }),
  'hooks.rpc': option(hook(), {
    unset: 'there are no procedures',
    about: 'Answers the procedure calls of clients.',
    reload: true,
  }),
  'hooks.events': option(hook(), {
    unset: 'nobody is told',
    about: 'Told about clients and channels, after the fact and at least once; see hooks.eventTypes.',
    reload: true,
  }),
  'hooks.eventTypes': option(eventList(), {
    default: allEventTypes,
    about: 'What hooks.events is told of.',
    reload: true,
  }),
  'hooks.timeout': option(duration({ min: 1, max: maxHookTimeoutMs }), {
    default: 1_000,
    about: 'How long a backend may take to answer. A call may wait as long again for its turn. At most 10s.',
    reload: true,
  }),
  'hooks.headers': option(headerList(), {
    default: [],
    about:
      'Headers of the client that hooks pass on, like Cookie. X-Real-IP and X-Forwarded-For carry the address that trustProxies leads to.',
    reload: true,
  }),
  'hooks.emulatedHeaders': option(headerList(true), {
    default: [],
    about:
      'Headers that clients may claim in their connect command, for browsers that cannot set real ones. Passed on where there is no real one, and named in X-Fanfare-Emulated: the word of the client alone.',
    reload: true,
  }),
  'hooks.staticHeaders': option(headerValues(), {
    default: {},
    about: 'Headers that every call has.',
    secret: true,
    reload: true,
  }),
  'hooks.includeMeta': option(flag(), {
    default: false,
    about: 'Tell hooks the meta that the token or hooks.connect attached to the connection.',
    reload: true,
  }),
  'hooks.maxInFlight': option(integer({ min: 1 }), {
    default: 64,
    about: 'Calls of one hook that a backend works on at the same time.',
    reload: true,
  }),
  'hooks.maxWaiting': option(integer(), {
    default: 256,
    about: 'Calls of one hook that wait for their turn; further ones fail at once.',
    zero: 'None waits.',
    reload: true,
  }),
  'hooks.breakerFailures': option(integer({ min: 1 }), {
    default: 5,
    about: 'Calls without an answer, one after the other, after which a hook fails at once until the backend is back.',
    reload: true,
  }),
  'hooks.maxResponseBytes': option(bytes({ min: 1_024 }), {
    default: 65_536,
    about: 'Largest answer of a backend.',
    reload: true,
  }),
  'hooks.maxQueuedEvents': option(integer({ min: 1 }), {
    default: 10_000,
    about: 'Events that wait for hooks.events; beyond, the oldest are dropped.',
    reload: true,
  }),
  'hooks.refreshGrace': option(duration(), {
    default: 300_000,
    about: 'How long connections and subscriptions may outlive their expiry while their backend cannot be asked.',
    zero: 'They end at once.',
    reload: true,
  }),
  broker: option(broker(), {
    default: 'memory',
    about:
      'What carries publications between nodes and keeps history and presence: memory, for one node alone, or redis://user:password@host:6379/0, rediss:// with TLS, redis+sentinel://host:26379,host:26379/name, redis+cluster://host:6379,host:6379. Several servers: with spaces between. Or nats://user:password@host:4222,host:4222, tls:// with TLS. Or amqp://user:password@host:5672/vhost for RabbitMQ, amqps:// with TLS.',
  }),
  'redis.prefix': option(
    text({ pattern: /^[\w.:/-]{1,64}$/, message: 'is no prefix; it has up to 64 letters, digits and . : / _ -' }),
    {
      default: 'fanfare',
      about: 'Begins the names of all keys and channels in Redis. Fleets that share a server have different ones.',
    },
  ),
  'nats.prefix': option(
    text({ pattern: /^[\w-]{1,64}$/, message: 'is no prefix; it has up to 64 letters, digits and _ -' }),
    {
      default: 'fanfare',
      about: 'Begins the names of all subjects and streams in NATS. Fleets that share an account have different ones.',
    },
  ),
  'nats.replicas': option(integer({ min: 1, max: 5 }), {
    default: 1,
    about:
      'Servers of a NATS cluster that keep each stream, when the streams are made: 1 or 3. Above 1 needs nats-server 2.11.',
  }),
  'nats.credentialsFile': option(text(), {
    unset: 'none',
    about: 'File with the credentials (JWT and NKey) of a user of NATS. Relative to the working directory.',
  }),
  'rabbitmq.prefix': option(
    text({ pattern: /^[\w.:/-]{1,64}$/, message: 'is no prefix; it has up to 64 letters, digits and . : / _ -' }),
    {
      default: 'fanfare',
      about:
        'Begins the names of all exchanges and queues in RabbitMQ. Fleets that share a virtual host have different ones.',
    },
  ),
  'rabbitmq.history': option(flag(), {
    default: true,
    about:
      'Whether history is kept, in a stream of RabbitMQ, which every node reads as a whole. Without it, channels may not ask for history.',
  }),
  'memory.maxHistoryBytes': option(bytes({ min: 1_024 }), {
    default: 268_435_456,
    about: 'Payload that the histories of all channels keep together in memory; beyond, unused channels are emptied.',
  }),
  ...limitOptions,
  'log.level': option(choice(['debug', 'info', 'warn', 'error', 'silent']), {
    default: 'info',
    about: 'The least serious log lines that are written, as JSON on standard error.',
    reload: true,
  }),
  'shutdown.deadline': option(duration(), {
    default: 25_000,
    about: 'How long a graceful shutdown may take after SIGTERM or SIGINT. Clients are told to reconnect, at a pace.',
    zero: 'Everything is cut at once.',
    reload: true,
  }),
  'shutdown.clientsPerSec': option(integer({ min: 1 }), {
    unset: 'as slowly as the deadline allows, but no slower than 20',
    about:
      'Clients a second that a graceful shutdown sends away. More, with a warning, where shutdown.deadline would be missed.',
    reload: true,
  }),
  'shutdown.delay': option(duration(), {
    default: 0,
    about:
      'How long after the signal clients are still let in while readiness already fails, for load balancers that do not try another node. A part of shutdown.deadline.',
    zero: 'Newcomers are refused at once.',
    reload: true,
  }),
} as const;

type Table = typeof options;
export type OptionPath = keyof Table;
/** What the program works with: durations in milliseconds, sizes in bytes. */
export type OptionValues = { readonly [Path in OptionPath]: Table[Path]['default'] };

export const optionPaths = Object.keys(options).filter(isOptionPath);

export function isOptionPath(path: string): path is OptionPath {
  return Object.hasOwn(options, path);
}

/** The option of a path that is only known when the program runs. */
export function optionAt(path: OptionPath): Option<unknown, unknown> {
  // safe: a wider view of the same object; values are taken in as unknown and checked by its schema
  return options[path] as unknown as Option<unknown, unknown>;
}

/** As a person would write it; secrets are masked. */
export function formatValue(path: OptionPath, value: unknown): string {
  const { kind, unset, secret } = optionAt(path);
  if (value === undefined) return unset ?? 'not set';
  return secret ? '(secret)' : kind.format(value as NonNullable<unknown>);
}

type InputOf<Path extends OptionPath> = Table[Path] extends Option<infer Input, unknown> ? Input : never;
type GroupOf<Path> = Path extends `${infer Group}.${string}` ? Group : never;

/** What a configuration file holds. */
export type FanfareConfig = {
  readonly [Path in OptionPath as Path extends `${string}.${string}` ? never : Path]?: InputOf<Path>;
} & {
  readonly [Group in GroupOf<OptionPath>]?: {
    readonly [Path in OptionPath as Path extends `${Group}.${infer Name}` ? Name : never]?: InputOf<Path>;
  };
};

/** Gives an editor the types of `fanfare.config.ts`; returns what it gets. */
export function defineConfig(config: FanfareConfig): FanfareConfig {
  return config;
}
