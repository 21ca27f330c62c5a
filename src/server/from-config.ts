/** Runs a configuration: the options of `fanfare()`, where it listens, what a reload changes. */

import type { Logger as PinoLogger } from 'pino';
import { type ConfigChanges, changesOf } from '../config/changes.js';
import type { Config } from '../config/config.js';
import { describedOptions } from '../config/described-options.js';
import { limitsOf } from '../config/limits.js';
import { isLoopback } from '../config/loopback.js';
import type { Origins } from '../config/option-kinds.js';
import type { OptionValues } from '../config/options.js';
import { type AuthFunction, authenticateBy } from '../engine/auth/function-auth.js';
import { authenticateWith } from '../engine/auth/token-authenticator.js';
import type { TokenVerifier } from '../engine/auth/token-verifier.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { ChannelSchemas, ProcedureTable } from '../engine/channels/channel-types.js';
import type { PersonalOptions } from '../engine/channels/personal-channel.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import { Counters } from '../engine/ports/counters.js';
import type { Observer } from '../engine/ports/observer.js';
import type { Tracer } from '../engine/ports/tracer.js';
import type { ConsoleRequest } from '../http/console/console.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import type { Hooks } from '../http/hooks/hooks.js';
import { defined } from '../model/defined.js';
import { createLog } from '../observe/log.js';
import { LogLevelSwitch } from '../observe/log-level.js';
import { TracedLog } from '../observe/traced-log.js';
import type { FigurePeers } from '../observe/worker-metrics.js';
import type { DurableStreamsOptions } from '../transports/durable-streams/options.js';
import type { FanfareApp } from './app.js';
import type { TransportPaths } from './client-transports.js';
import { channelsOf } from './config-channels.js';
import { hooksOf } from './config-hooks.js';
import { brokerOf } from './configured-broker.js';
import { type Assembled, assemble } from './fanfare.js';
import { type JwtOptionNames, type JwtOptions, tokenVerifier } from './jwt.js';
import type { ListenAddress } from './listener.js';
import { LiveHooks } from './live-hooks.js';
import type { BrokerFactory, FanfareOptions } from './options.js';
import type { ListenOptions } from './serving.js';
import { systemClock } from './system-ports.js';
import { openTracer } from './tracing.js';

export interface ServerAddresses {
  readonly clients: ListenAddress;
  /** Health, metrics and the HTTP API. */
  readonly internal: ListenAddress | undefined;
  /** The page of the console; absent where there is none. */
  readonly console?: string;
}

/** The parts of one of several processes that share a port. */
export interface WorkerParts {
  /** Replaces that of the configuration. */
  readonly broker?: BrokerFactory;
  /** The processes whose metrics are added to this one's. */
  readonly peers: FigurePeers;
}

/** What an application adds to a configuration. */
export interface OwnParts extends Pick<FanfareOptions, 'rpc' | 'on'> {
  /** Says who clients are, instead of the tokens and hooks of the configuration. */
  readonly auth?: AuthFunction;
  /** Replace those of the configuration, as long as it has only the default ones of its mode. */
  readonly channels?: Readonly<Record<string, ChannelDeclaration>>;
}

/** The server that a configuration describes. Nothing listens before {@link listen}. */
export class ConfiguredServer {
  readonly app: FanfareApp<ChannelSchemas, ProcedureTable>;
  readonly log: PinoLogger;
  readonly #assembled: Assembled<ChannelSchemas, ProcedureTable>;
  readonly #started: Config;
  #config: Config;
  #port = 0;
  readonly #hooks: LiveHooks;
  readonly #own: OwnParts;
  readonly #hasApi: boolean;
  readonly #hasConsole: boolean;
  readonly #hasTls: boolean;
  readonly #level: LogLevelSwitch;
  readonly #tracer: Tracer | undefined;

  /**
   * @param own an application's part, which a reload does not change
   * @param worker set if this process is one of several that share a port
   * @throws FanfareError `ERR_CONFIG`, naming what is wrong
   */
  constructor(config: Config, own: OwnParts = {}, worker?: WorkerParts) {
    const { values } = config;
    this.#started = config;
    this.#config = config;
    this.#own = own;
    this.#hasApi = config.apiKeys.length > 0;
    this.#hasConsole = config.consolePasswords.length > 0;
    this.#hasTls = config.certificate !== undefined;
    this.log = createLog({ level: values['log.level'] });
    this.#level = new LogLevelSwitch(this.log, systemClock, values['log.level']);
    this.#tracer = values.tracing ? openTracer(this.log) : undefined;
    const hooks = hooksOf(config, this.#hookPorts);
    this.#hooks = new LiveHooks(hooks);
    const options: FanfareOptions = {
      auth: this.#authenticatorOf(config, hooks),
      channels: this.#channelsOf(config, hooks),
      broker: worker?.broker ?? brokerOf(values),
      ...defined({ origins: values.origins }),
      ...defined({ on: this.#observerOf(hooks), rpc: own.rpc }),
      personal: personalOf(values),
      trustProxies: values.trustProxies,
      proxyHeader: values.proxyHeader,
      path: values.path,
      transports: transportsOf(values),
      ...defined({ durableStreams: durableStreamsOf(values, () => this.#config.apiKeys) }),
      limits: limitsOf(values),
      log: this.log,
    };
    this.#assembled = assemble<ChannelSchemas, ProcedureTable>(options, this.#hooks, {
      ...(worker !== undefined && { peers: worker.peers }),
      tracer: this.#tracer,
      level: this.#level,
      describeOptions: () => describedOptions(this.#config),
    });
    this.app = this.#assembled.app;
    this.#assembled.counters.configReloadedAtMs = systemClock.wallMs();
  }

  get config(): Config {
    return this.#config;
  }

  /** @throws FanfareError `ERR_LISTEN`, `ERR_BROKER`, `ERR_CLOSED` */
  async listen(endpoints: readonly HttpEndpoint[] = []): Promise<ServerAddresses> {
    const { values, certificate } = this.#config;
    const { host, port, metrics } = values;
    const api = this.#api();
    const page = this.#console();
    const internalPort = values['internal.port'];
    const internal =
      internalPort === undefined
        ? undefined
        : await this.app.listen(internalPort, {
            ...api,
            ...page,
            host: values['internal.host'],
            metrics: true,
            clients: false,
          });
    const clients = await this.app.listen(port, {
      ...(!values['api.internalOnly'] && api),
      // Where clients cannot reach it, if there is such a place.
      ...(internal === undefined && page),
      host,
      metrics,
      endpoints,
      proxyProtocol: values.proxyProtocol,
      deflate: values['deflate.enabled'] && {
        minBytes: values['deflate.minBytes'],
        dictionary: values['deflate.dictionary'],
      },
      ...(certificate && { tls: certificate }),
    });
    this.#port = clients.port;
    this.app.setOrigins(this.#originsOf(this.#config));
    const { url } = internal ?? clients;
    return { clients, internal, ...(page.console && { console: `${url}/console/` }) };
  }

  /**
   * Checks a new configuration against everything that is running, and changes nothing.
   *
   * @returns applies it, as far as is possible while clients are connected
   * @throws FanfareError `ERR_CONFIG`
   */
  prepare(config: Config): () => ConfigChanges {
    const hooks = hooksOf(config, this.#hookPorts, this.#hooks.current);
    const origins = this.#originsOf(config);
    const commit = this.#assembled.prepareChange({
      auth: this.#authenticatorOf(config, hooks),
      channels: this.#channelsOf(config, hooks),
      limits: limitsOf(config.values),
      personal: personalOf(config.values),
      observer: this.#observerOf(hooks),
      procedureFallback: hooks.procedureFallback,
    });
    // Its files have already been checked.
    const certificate = this.#hasTls ? config.certificate : undefined;
    return () => {
      if (certificate !== undefined) this.app.setCertificate(certificate);
      this.#hooks.replace(hooks);
      commit();
      this.app.setOrigins(origins);
      this.#level.configure(config.values['log.level']);
      const changes = changesOf(this.#started, this.#config, config);
      this.#config = config;
      this.#assembled.counters.configReloadedAtMs = systemClock.wallMs();
      return changes;
    };
  }

  /**
   * Applies a new configuration as far as is possible while clients are connected.
   *
   * @throws FanfareError `ERR_CONFIG`; the old configuration stays in force as a whole
   */
  reload(config: Config): ConfigChanges {
    return this.prepare(config)();
  }

  get #hookPorts() {
    const tracer = this.#tracer;
    return { log: tracer === undefined ? this.log : new TracedLog(this.log, tracer), tracer };
  }

  /** Counts a reload, for the metrics. */
  noteReload(outcome: 'ok' | 'failed'): void {
    const { counters } = this.#assembled;
    Counters.add(counters.configReloads, outcome);
    counters.lastReloadOk = outcome === 'ok';
  }

  /**
   * In development mode everything is open, but only to pages of this server: not to another site whose name resolves
   * to 127.0.0.1 (DNS rebinding), which the default for origins would accept.
   */
  #originsOf({ values, mode }: Config): Origins | undefined {
    if (values.origins !== undefined || mode === 'production' || !isLoopback(values.host)) return values.origins;
    const scheme = this.#hasTls ? 'https' : 'http';
    return ['localhost', '127.0.0.1', '[::1]'].map((host) => `${scheme}://${host}:${this.#port}`);
  }

  /** Rules call the hooks that are in force at the time of the call. */
  #channelsOf({ values, sources, mode }: Config, hooks: Hooks): Readonly<Record<string, ChannelDeclaration>> {
    if (this.#own.channels !== undefined && sources.channels === `${mode} mode`) return this.#own.channels;
    const { subscribe, renew, publish } = this.#hooks.decisions;
    return channelsOf(values.channels, {
      ...(hooks.subscribe && { subscribe }),
      ...(hooks.renew && { renew }),
      ...(hooks.publish && { publish }),
    });
  }

  #authenticatorOf(config: Config, hooks: Hooks): Authenticator {
    const { auth } = this.#own;
    return auth === undefined ? hooks.authenticator(tokensOf(config), config.values.anonymous) : authenticateBy(auth);
  }

  /** Hooks that are told events come before the application's own observer. */
  #observerOf({ observer }: Hooks): Observer | undefined {
    return observer ?? this.#own.on;
  }

  /** Uses the keys in force at each request. Without any at the start there is no API. */
  #api(): Pick<ListenOptions, 'api'> {
    const { values } = this.#config;
    const maxBodyBytes = values['api.maxBodyBytes'];
    if (values['api.insecure']) return { api: { insecure: true, maxBodyBytes } };
    return this.#hasApi ? { api: { keys: () => this.#config.apiKeys, maxBodyBytes } } : {};
  }

  /** Uses the passwords in force at each request. Development mode needs none on an address that only it can reach. */
  #console(): Pick<ListenOptions, 'console'> {
    const { values, mode } = this.#config;
    const maxBodyBytes = values['api.maxBodyBytes'];
    if (this.#hasConsole) return { console: { password: () => this.#config.consolePasswords, maxBodyBytes } };
    const host = values['internal.port'] === undefined ? values.host : values['internal.host'];
    if (mode !== 'development' || !isLoopback(host)) return {};
    return { console: { allow: isAskedLocally, maxBodyBytes } };
  }
}

/** In development mode, where no other machine can ask, and no page of another site whose name leads to this one. */
function isAskedLocally({ headers: { host = '' } }: ConsoleRequest): boolean {
  return isLoopback(host.replace(/:\d+$/, ''));
}

function tokensOf(config: Config): Authenticator | undefined {
  const verifier = tokenVerifierOf(config);
  return verifier && authenticateWith(verifier);
}

const optionNames: JwtOptionNames = {
  secret: 'token.secret',
  algorithm: 'token.algorithm',
  keys: 'token.keys',
  jwks: 'token.jwks',
  issuer: 'token.issuer',
  audience: 'token.audience',
};

/** Verifies the tokens that a configuration accepts; `undefined` without a key. @throws FanfareError `ERR_CONFIG` */
export function tokenVerifierOf({ values, secrets, tokenKeys }: Config): TokenVerifier | undefined {
  const jwks = values['token.jwks'];
  if (secrets.length + tokenKeys.length + jwks.length === 0) return undefined;
  const issuer = values['token.issuer'];
  const audience = values['token.audience'];
  const options: JwtOptions = {
    secret: secrets,
    algorithm: values['token.algorithm'],
    keys: tokenKeys,
    jwks,
    ...defined({ issuer, audience }),
  };
  return tokenVerifier(options, optionNames);
}

function personalOf(values: OptionValues): PersonalOptions {
  const channel = values['personal.channel'];
  return { ...defined({ channel }), singleConnection: values['personal.singleConnection'] };
}

/** @param keys in force at the moment */
function durableStreamsOf(values: OptionValues, keys: () => readonly string[]): DurableStreamsOptions | undefined {
  const path = values['durableStreams.path'];
  if (path === undefined) return undefined;
  return {
    path,
    readOnly: values['durableStreams.readOnly'],
    writersMayDelete: values['durableStreams.writersMayDelete'],
    maxBodyBytes: values['durableStreams.maxBodyBytes'],
    keys,
  };
}

/** Those that are switched on have their default paths. */
function transportsOf(values: OptionValues): TransportPaths {
  return {
    ...(!values['transports.httpStream'] && { httpStream: false }),
    ...(!values['transports.longPolling'] && { longPolling: false }),
    sse: values['transports.sse'],
    oneWay: values['transports.oneWay'],
  };
}
