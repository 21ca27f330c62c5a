/** What an application tells `fanfare()`. */

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
import type { TransportPaths } from './client-transports.js';

/** Makes the broker of a node. `memory()` is one. */
export type BrokerFactory = (ports: BrokerPorts) => Broker;

/** Limits and intervals, all with defaults: docs/operations/configuration.md says what each does. */
export type Limits = Partial<EngineLimits>;

/** A client that sent a message outside any channel. */
export interface MessageSender {
  /** Id of the user, `null` for an anonymous connection. */
  readonly user: string | null;
  readonly client: string;
}

export interface FanfareOptions<
  Channels extends ChannelSchemas = ChannelSchemas,
  Procedures extends ProcedureTable = ProcedureTable,
> {
  /** Who clients are: {@link jwt}, or a function. Default: nobody gets in. */
  readonly auth?: Authenticator | AuthFunction;
  /** What each user has for itself: a channel, and perhaps one connection at a time; see {@link PersonalOptions}. */
  readonly personal?: PersonalOptions;
  /** Let clients in that bring no token, as nobody in particular. Default: `false`. */
  readonly anonymous?: boolean;
  /** The channels by their patterns. The first that matches a name is the rule. Default: none exist. */
  readonly channels?: ChannelDeclarations<Channels>;
  /** Procedures that clients can call, by name. Default: none. */
  readonly rpc?: RpcDeclarations<Procedures>;
  /** Gets what clients `send` outside any channel; outside data. Default: such a client is disconnected with 3508. */
  readonly onMessage?: (data: unknown, sender: MessageSender) => void;
  /** Told about clients and channels, after the fact; see {@link Observer}. */
  readonly on?: Observer;
  /** Carries publications between nodes and keeps history and presence. Default: {@link memory}, for one node. */
  readonly broker?: BrokerFactory;
  /**
   * Web origins that may connect, exactly as browsers send them, or `'*'`. In `https://*.example.com` the `*` is one
   * label. Default: pages of the host they connect to.
   */
  readonly origins?: readonly string[] | '*';
  /** Addresses or networks of proxies whose word about the client's address is believed. Default: none. */
  readonly trustProxies?: readonly string[];
  /**
   * The header in which they say it: the one that they set or add to. The other one is never believed, since a client
   * may have sent it. Default: `'X-Forwarded-For'`.
   */
  readonly proxyHeader?: ProxyHeader;
  /** Path of the WebSocket endpoint. Default: `/connection/websocket`. */
  readonly path?: string;
  /** The ways in where WebSocket cannot pass; see {@link TransportPaths}. */
  readonly transports?: TransportPaths;
  readonly limits?: Limits;
  /** Gets structured log lines; a pino logger fits. Default: warnings and errors as JSON lines on standard error. */
  readonly log?: Logger;
}
