/** The options of `fanfare()`. */

import type { BrokerPorts } from '../brokers/ports.js';
import type { AuthFunction } from '../engine/auth/function-auth.js';
import type {
  ChannelDeclarations,
  ChannelSchemas,
  ProcedureTable,
  RpcDeclarations,
} from '../engine/channels/channel-types.js';
import type { PersonalOptions } from '../engine/channels/personal-channel.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import type { Broker } from '../engine/ports/broker.js';
import type { EngineLimits } from '../engine/ports/limits.js';
import type { Logger } from '../engine/ports/logger.js';
import type { Observer } from '../engine/ports/observer.js';
import type { ProxyHeader } from '../model/proxy-header.js';
import type { DurableStreamsOptions } from '../transports/durable-streams/options.js';
import type { TransportPaths } from './client-transports.js';

/** Makes the broker of a node. `memory()` is one. */
export type BrokerFactory = (ports: BrokerPorts) => Broker;

/** Limits and intervals, all with defaults: docs/operations/configuration.md says what each does. */
export type Limits = Partial<EngineLimits>;

/** A client that sent a message outside any channel. */
export interface MessageSender {
  /** Id of the user, `null` for an anonymous connection. */
  readonly user: string | null;
  /** Id of the connection. */
  readonly client: string;
}

/** What an application is made of; everything has a default. */
export interface FanfareOptions<
  Channels extends ChannelSchemas = ChannelSchemas,
  Procedures extends ProcedureTable = ProcedureTable,
> {
  /** Authentication: {@link jwt}, or a function. Default: all clients are refused. */
  readonly auth?: Authenticator | AuthFunction;
  /** A personal channel for each user, and a single connection; see {@link PersonalOptions}. */
  readonly personal?: PersonalOptions;
  /** Accept clients without a token, as anonymous users. Default: `false`. */
  readonly anonymous?: boolean;
  /** Channels by pattern. The first that matches a name applies. Default: none. */
  readonly channels?: ChannelDeclarations<Channels>;
  /** Procedures that clients can call, by name. Default: none. */
  readonly rpc?: RpcDeclarations<Procedures>;
  /** Receives unvalidated data that clients `send` outside channels. Default: such a client is closed with 3508. */
  readonly onMessage?: (data: unknown, sender: MessageSender) => void;
  /** Receives events about clients and channels; see {@link Observer}. */
  readonly on?: Observer;
  /** Carries publications between nodes and keeps history and presence. Default: {@link memory}, for one node. */
  readonly broker?: BrokerFactory;
  /**
   * Web origins that may connect, exactly as browsers send them, or `'*'`. In `https://*.example.com` the `*` is one
   * label. Default: pages of the host they connect to.
   */
  readonly origins?: readonly string[] | '*';
  /** Addresses or networks of proxies that are trusted to send the client's address. Default: none. */
  readonly trustProxies?: readonly string[];
  /**
   * The header in which they send the client's address. The other one is ignored, since a client may have sent it.
   * Default: `'X-Forwarded-For'`.
   */
  readonly proxyHeader?: ProxyHeader;
  /** Path of the WebSocket endpoint. Default: `/connection/websocket`. */
  readonly path?: string;
  /** The other transports; see {@link TransportPaths}. */
  readonly transports?: TransportPaths;
  /**
   * Serve the histories of channels by the Durable Streams protocol, for its clients and for caches; see
   * {@link DurableStreamsOptions}. Default: not.
   */
  readonly durableStreams?: DurableStreamsOptions;
  /** What a client, a message and a node may take at most. Default: docs/operations/configuration.md has each. */
  readonly limits?: Limits;
  /** Gets structured log lines; a pino logger fits. Default: warnings and errors as JSON lines on standard error. */
  readonly log?: Logger;
  /**
   * Record spans of publishing, fan-out, hooks and the HTTP API through `@opentelemetry/api`, which has to be installed,
   * with an SDK that is registered before; docs/operations/tracing.md. Default: `false`, which costs nothing.
   */
  readonly tracing?: boolean;
}
