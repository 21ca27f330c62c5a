/** A configuration to a running application: what `fanfare()` is given, where it listens, what a reload changes. */

import { isDeepStrictEqual } from 'node:util';
import type { Logger as PinoLogger } from 'pino';
import type { ChannelConfig, ChannelsConfig } from '../config/channel-config.js';
import { limitsOf } from '../config/limits.js';
import type { Config } from '../config/load.js';
import { isLoopback } from '../config/loopback.js';
import type { Origins } from '../config/option-kinds.js';
import { type OptionPath, type OptionValues, optionAt, optionPaths } from '../config/options.js';
import type { Authenticator } from '../engine/auth/authenticator.js';
import { authenticateWith } from '../engine/auth/token-authenticator.js';
import type { TokenVerifier } from '../engine/auth/token-verifier.js';
import { type ChannelDeclaration, type ChannelOptions, channel } from '../engine/channel-options.js';
import type { ChannelSchemas, ProcedureTable } from '../engine/channel-types.js';
import type { Duration } from '../engine/duration.js';
import type { PersonalOptions } from '../engine/personal-channel.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import type { Hooks } from '../http/hooks/hooks.js';
import { createLog } from '../observe/log.js';
import type { FigurePeers } from '../observe/worker-metrics.js';
import type { FanfareApp } from './app.js';
import type { TransportPaths } from './client-transports.js';
import { hooksOf } from './config-hooks.js';
import { brokerOf } from './configured-broker.js';
import { assemble } from './fanfare.js';
import { type JwtOptionNames, type JwtOptions, tokenVerifier } from './jwt.js';
import type { ListenAddress } from './listener.js';
import type { BrokerFactory, FanfareOptions } from './options.js';
import type { ListenOptions } from './serving.js';

/** Where the server can be reached. */
export interface ServerAddresses {
  readonly clients: ListenAddress;
  /** Health, metrics and the HTTP API. */
  readonly internal: ListenAddress | undefined;
}

/** What is different for one of several processes that serve one port. */
export interface WorkerParts {
  /** In place of the configuration's. */
  readonly broker?: BrokerFactory;
  /** Whose figures are summed up with this one's. */
  readonly peers: FigurePeers;
}

/** The server that a configuration describes. Nothing listens before {@link listen}. */
export class ConfiguredServer {
  readonly app: FanfareApp<ChannelSchemas, ProcedureTable>;
  readonly log: PinoLogger;
  #config: Config;
  #port = 0;
  readonly #hooks: Hooks;
  #auth: Authenticator;
  readonly #hasApi: boolean;
  readonly #hasTls: boolean;

  /**
   * @param channels in place of those of the configuration
   * @param worker when this process is one of several that serve one port
   * @throws FanfareError `ERR_CONFIG`, naming what is wrong
   */
  constructor(config: Config, channels?: Readonly<Record<string, ChannelDeclaration>>, worker?: WorkerParts) {
    const { values } = config;
    this.#config = config;
    this.#hasApi = config.apiKeys.length > 0;
    this.#hasTls = config.certificate !== undefined;
    this.log = createLog({ level: values['log.level'] });
    this.#hooks = hooksOf(config, this.log);
    this.#auth = this.#authenticatorOf(config);
    const options: FanfareOptions = {
      auth: this.#delegate(),
      channels: channels ?? channelsOf(values.channels, this.#hooks),
      broker: worker?.broker ?? brokerOf(values),
      ...(values.origins !== undefined && { origins: values.origins }),
      ...(this.#hooks.observer && { on: this.#hooks.observer }),
      personal: personalOf(values),
      trustProxies: values.trustProxies,
      proxyHeader: values.proxyHeader,
      path: values.path,
      transports: transportsOf(values),
      limits: limitsOf(values),
      log: this.log,
    };
    this.app = assemble<ChannelSchemas, ProcedureTable>(options, this.#hooks, {
      ...(worker !== undefined && { peers: worker.peers }),
    });
  }

  get config(): Config {
    return this.#config;
  }

  /** @throws FanfareError `ERR_LISTEN`, `ERR_BROKER` */
  async listen(endpoints: readonly HttpEndpoint[] = []): Promise<ServerAddresses> {
    const { values, certificate } = this.#config;
    const { host, port, metrics } = values;
    const api = this.#api();
    const internalPort = values['internal.port'];
    const internal =
      internalPort === undefined
        ? undefined
        : await this.app.listen(internalPort, { ...api, host: values['internal.host'], metrics: true, clients: false });
    const clients = await this.app.listen(port, {
      ...(!values['api.internalOnly'] && api),
      host,
      metrics,
      endpoints,
      proxyProtocol: values.proxyProtocol,
      ...(certificate && { tls: certificate }),
    });
    this.#port = clients.port;
    this.app.setOrigins(this.#originsOf(this.#config));
    return { clients, internal };
  }

  /**
   * Puts a new configuration into force as far as that can be done while clients are connected.
   *
   * @returns options that have changed and need a restart
   * @throws FanfareError `ERR_CONFIG`; the old configuration stays in force as a whole
   */
  reload(config: Config): OptionPath[] {
    const changed = optionPaths.filter((path) => !isDeepStrictEqual(this.#config.values[path], config.values[path]));
    const auth = this.#authenticatorOf(config);
    if (config.certificate !== undefined) this.app.setCertificate(config.certificate);
    this.#auth = auth;
    this.app.setOrigins(this.#originsOf(config));
    this.log.level = config.values['log.level'];
    this.#config = config;
    return changed.filter((path) => optionAt(path).reload !== true || this.#isTooLateFor(path));
  }

  /** Of the API without keys at the start there is nothing, and TLS is not switched on for a port that is open. */
  #isTooLateFor(path: OptionPath): boolean {
    if (path === 'api.keys' || path === 'api.keysFile') return !this.#hasApi;
    if (path === 'tls.certFile' || path === 'tls.keyFile')
      return !this.#hasTls || this.#config.certificate === undefined;
    return false;
  }

  /**
   * In development mode everything is open, to the pages of this server: not to those of a stranger's site whose name
   * suddenly means 127.0.0.1 (DNS rebinding), which the host's own name would let in.
   */
  #originsOf({ values, mode }: Config): Origins | undefined {
    if (values.origins !== undefined || mode === 'production' || !isLoopback(values.host)) return values.origins;
    const scheme = this.#hasTls ? 'https' : 'http';
    return ['localhost', '127.0.0.1', '[::1]'].map((host) => `${scheme}://${host}:${this.#port}`);
  }

  /** With the keys in force, whatever they are by then. Without any at the start there is no API. */
  #api(): Pick<ListenOptions, 'api'> {
    const { values } = this.#config;
    const maxBodyBytes = values['api.maxBodyBytes'];
    if (values['api.insecure']) return { api: { insecure: true, maxBodyBytes } };
    return this.#hasApi ? { api: { keys: () => this.#config.apiKeys, maxBodyBytes } } : {};
  }

  #authenticatorOf(config: Config): Authenticator {
    return this.#hooks.authenticator(tokensOf(config), config.values.anonymous);
  }

  /** Asks whichever authenticator is in force, with exactly its abilities. */
  #delegate(): Authenticator {
    return new Proxy(this.#auth, { get: (_, ability) => Reflect.get(this.#auth, ability) });
  }
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

/** Of the tokens that a configuration accepts; `undefined` when there is no key. @throws FanfareError `ERR_CONFIG` */
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
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  return tokenVerifier(options, optionNames);
}

function personalOf(values: OptionValues): PersonalOptions {
  const channel = values['personal.channel'];
  return { ...(channel !== undefined && { channel }), singleConnection: values['personal.singleConnection'] };
}

/** Those that are switched on are at their usual paths. */
function transportsOf(values: OptionValues): TransportPaths {
  return {
    ...(!values['transports.httpStream'] && { httpStream: false }),
    ...(!values['transports.longPolling'] && { longPolling: false }),
    sse: values['transports.sse'],
    oneWay: values['transports.oneWay'],
  };
}

function channelsOf(rules: ChannelsConfig, hooks: Hooks): Record<string, ChannelDeclaration> {
  return Object.fromEntries(Object.entries(rules).map(([pattern, rule]) => [pattern, channel(optionsOf(rule, hooks))]));
}

function optionsOf(rule: ChannelConfig, hooks: Hooks): ChannelOptions {
  const { history, recovery, presence, joinLeave, userLimited, maxMessageBytes } = rule;
  const subscribe = rule.subscribe === 'hook' ? hooks.subscribe : rule.subscribe;
  const publish = rule.publish === 'hook' ? hooks.publish : rule.publish;
  const renew = rule.subscribe === 'hook' ? hooks.renew : undefined;
  const ttl: Duration | undefined = history && `${history.ttl}ms`;
  return {
    ...(subscribe !== undefined && { subscribe }),
    ...(renew !== undefined && { renew }),
    ...(publish !== undefined && { publish }),
    ...(history !== undefined &&
      ttl !== undefined && {
        history: { size: history.size, ttl, ...(history.read !== undefined && { read: history.read }) },
      }),
    ...(recovery !== undefined && { recovery }),
    ...(presence !== undefined && { presence }),
    ...(joinLeave !== undefined && { joinLeave }),
    ...(userLimited !== undefined && { userLimited }),
    ...(maxMessageBytes !== undefined && { maxMessageBytes }),
  };
}
