/** Where everything meets: options to a running application. */

import { describeContract } from '../asyncapi/describe.js';
import type { ClientAccess } from '../asyncapi/options.js';
import { isLoopback } from '../config/loopback.js';
import { allowAnonymous, denyAll } from '../engine/auth/anonymous.js';
import { authenticateBy } from '../engine/auth/function-auth.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { ChannelSchemas, ProcedureTable } from '../engine/channels/channel-types.js';
import { contradictions } from '../engine/channels/contradictions.js';
import type { PersonalOptions } from '../engine/channels/personal-channel.js';
import type { RpcDeclaration, RpcFallback } from '../engine/channels/rpc-options.js';
import { Node } from '../engine/node.js';
import { Operations } from '../engine/operations/operations.js';
import { singleConnectionConflict } from '../engine/operations/single-connection.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import type { Counters } from '../engine/ports/counters.js';
import type { Logger } from '../engine/ports/logger.js';
import type { Observer } from '../engine/ports/observer.js';
import { prepareChange } from '../engine/reconfigure.js';
import { apiEndpoints } from '../http/api/api.js';
import type { ApiParts } from '../http/api/method.js';
import { UnknownFields } from '../http/api/unknown-fields.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { liveEndpoint, readyEndpoint } from '../http/health.js';
import { metricsEndpoint } from '../http/metrics.js';
import { defined } from '../model/defined.js';
import { FanfareError } from '../model/fanfare-error.js';
import { ownProcedures } from '../model/join-leave-wish.js';
import type { HookMetricsSource } from '../observe/hook-metrics.js';
import { createLog } from '../observe/log.js';
import { nodeMetrics } from '../observe/metrics.js';
import { type FigurePeers, workerMetrics } from '../observe/worker-metrics.js';
import { ClientGate } from '../transports/client-gate.js';

import { OriginPolicy } from '../transports/origin-policy.js';
import { TrustedProxies } from '../transports/trusted-proxies.js';
import { FanfareApp } from './app.js';
import { checkOptions } from './check-options.js';
import { clientTransports } from './client-transports.js';
import { memory } from './memory.js';
import type { FanfareOptions, Limits } from './options.js';
import { requireRuntime } from './runtime.js';
import { type ListenOptions, Serving } from './serving.js';
import { systemClock, systemRandom } from './system-ports.js';
import { version } from './version.js';

const defaultPath = '/connection/websocket';

/**
 * Makes an application of channels, authentication and a broker. Nothing listens until `listen()` or `attach()`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example
 * const app = fanfare({ anonymous: true, channels: { news: channel({ subscribe: 'anyone' }) } });
 * await app.listen(8000);
 * await app.publish('news', { title: 'hello' });
 */
export function fanfare<
  Channels extends ChannelSchemas = Record<never, never>,
  Procedures extends ProcedureTable = Record<never, never>,
>(options: FanfareOptions<Channels, Procedures>): FanfareApp<Channels, Procedures> {
  checkOptions(options);
  return assemble(options, undefined).app;
}

/** What a configuration's hooks are to an application, beside its functions. */
export interface HookParts extends HookMetricsSource {
  /** Answers calls of procedures that the application has not declared. */
  readonly procedureFallback?: RpcFallback | undefined;
  /** The node that the notifications are about. */
  start(nodeId: string): void;
  /** Called when all clients are gone: the last notifications are sent by the deadline. */
  close(deadlineMs: number): Promise<void>;
}

/** What may be another one while clients stay connected. */
export interface AppChange {
  /** Absent: as before. */
  readonly auth?: Authenticator;
  readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  readonly limits: Limits;
  readonly personal: PersonalOptions;
  readonly observer: Observer | undefined;
  readonly procedureFallback: RpcFallback | undefined;
}

/** An application, and how a configuration that describes it changes it. */
export interface Assembled<Channels extends ChannelSchemas, Procedures extends ProcedureTable> {
  readonly app: FanfareApp<Channels, Procedures>;
  readonly counters: Counters;
  /**
   * Checks everything and changes nothing.
   *
   * @returns what puts it into force, and cannot fail
   * @throws FanfareError `ERR_CONFIG`
   */
  prepareChange(change: AppChange): () => void;
}

/** As {@link fanfare}, with hooks, and perhaps as one of several processes that serve one port. */
export function assemble<Channels extends ChannelSchemas, Procedures extends ProcedureTable>(
  options: FanfareOptions<Channels, Procedures>,
  hooks: HookParts | undefined,
  { peers }: { readonly peers?: FigurePeers } = {},
): Assembled<Channels, Procedures> {
  requireRuntime(process.versions);
  const log = options.log ?? createLog({ level: 'warn' });
  const ports = { clock: systemClock, random: systemRandom, log };
  const { onMessage, path = defaultPath } = options;
  const node = new Node({
    ...ports,
    broker: (options.broker ?? memory())(ports),
    auth: authenticator(options),
    // safe: the engine calls a rule's functions with what the rule's own schema and pattern gave
    channels: (options.channels ?? {}) as unknown as Readonly<Record<string, ChannelDeclaration>>,
    // safe: likewise for procedures
    procedures: procedureTable((options.rpc ?? {}) as unknown as Record<string, RpcDeclaration>),
    limits: options.limits ?? {},
    version,
    ...(options.on && { observer: options.on }),
    ...(options.personal && { personal: options.personal }),
    ...(hooks?.procedureFallback && { procedureFallback: hooks.procedureFallback }),
    ...(onMessage && {
      onMessage: (session, data) => {
        onMessage(data, { user: session.user === '' ? null : session.user, client: session.client });
      },
    }),
  });
  reportContradictions(node, hooks === undefined ? log : undefined);
  reportPersonal(options.personal, node, hooks === undefined ? log : undefined);
  if (hooks === undefined && options.origins?.includes('null')) {
    log.warn(
      { option: 'origins' },
      'origins has "null": pages from files and sandboxed frames, of whatever site, may connect',
    );
  }
  const gate = new ClientGate(node, {
    origins: new OriginPolicy(options.origins === undefined ? {} : { origins: options.origins }),
    proxies: new TrustedProxies(options.trustProxies ?? [], {
      ...defined({ header: options.proxyHeader }),
      refusals: node.refusals,
    }),
    // Tokens of a client's own are never in cookies.
    cookiesAuthenticate: () => node.auth.readsHeaders === true,
  });
  const transports = clientTransports(node, gate, {
    path,
    transports: options.transports ?? {},
  });
  hooks?.start(node.id);
  const metrics = peers === undefined ? nodeMetrics(node, hooks) : workerMetrics(node, peers, hooks);
  const operations = new Operations(node);
  const unknownFields = new UnknownFields(log);
  const serving = new Serving({
    node,
    transports,
    proxies: gate.proxies,
    endpoints: (listen) => [
      ...apiOf(listen, { operations, counters: node.counters, log, refusals: node.refusals, unknownFields }),
      liveEndpoint,
      readyEndpoint(node),
      ...(listen.metrics === true ? [metricsEndpoint(metrics)] : []),
      ...(listen.endpoints ?? []),
    ],
    onClose: async (deadlineMs) => {
      await hooks?.close(deadlineMs);
      metrics.close();
    },
  });
  const app = new FanfareApp<Channels, Procedures>({
    serving,
    operations,
    setOrigins: (origins) => {
      gate.origins = new OriginPolicy(origins === undefined ? {} : { origins });
    },
    spec: (specOptions) =>
      describeContract(
        {
          rules: node.rules,
          procedures: node.procedures,
          path,
          access: {
            tokens: options.auth === undefined ? 'none' : tokensOf(node.auth),
            anonymous: options.anonymous ?? false,
          },
          onUnknown: ({ what, reason }) => log.warn({ what, reason }, 'schema is unknown in the contract'),
        },
        specOptions,
      ),
  });
  return {
    app,
    counters: node.counters,
    prepareChange: (change) => prepareChange(node, change),
  };
}

/**
 * @param log absent: the configuration has warned already
 * @throws FanfareError `ERR_CONFIG`
 */
function reportContradictions(node: Node, log: Logger | undefined): void {
  for (const { severity, limit, rule, message } of contradictions(
    node.limits,
    node.rules,
    (name) => `limits.${name}`,
  )) {
    const text = limit === undefined ? `channel rule "${rule}": ${message}` : `limits.${limit} ${message}`;
    if (severity === 'error') throw new FanfareError('ERR_CONFIG', text);
    log?.warn({}, text);
  }
}

/**
 * @param log absent: the configuration has warned already
 * @throws FanfareError `ERR_CONFIG`
 */
function reportPersonal(personal: PersonalOptions | undefined, node: Node, log: Logger | undefined): void {
  const conflict = personal?.singleConnection && singleConnectionConflict(node.limits.maxConnectionsPerUser);
  if (conflict) throw new FanfareError('ERR_CONFIG', `personal.singleConnection ${conflict}`);
  const warning = node.personalChannel?.warning;
  if (warning !== undefined) log?.warn({ option: 'personal.channel' }, warning);
}

/** @throws FanfareError `ERR_CONFIG` */
function apiOf({ api, host }: ListenOptions & { readonly host: string }, parts: ApiParts): HttpEndpoint[] {
  if (api?.insecure === true && !isLoopback(host)) {
    throw new FanfareError('ERR_CONFIG', `api.insecure: not on ${host}, which others than this machine can reach`);
  }
  return api === undefined ? [] : apiEndpoints(parts, api);
}

/** As far as it can be told from the outside. */
function tokensOf({ readsHeaders = false }: Authenticator): ClientAccess['tokens'] {
  return readsHeaders ? 'application' : 'jwt';
}

function authenticator({ auth, anonymous = false }: Pick<FanfareOptions, 'auth' | 'anonymous'>): Authenticator {
  const given = typeof auth === 'function' ? authenticateBy(auth) : auth;
  return anonymous ? allowAnonymous(given) : (given ?? denyAll);
}

/** @throws FanfareError `ERR_CONFIG` */
function procedureTable(declared: Readonly<Record<string, RpcDeclaration>>): ReadonlyMap<string, RpcDeclaration> {
  for (const name of Object.keys(declared)) {
    if (!name.startsWith(ownProcedures)) continue;
    throw new FanfareError(
      'ERR_CONFIG',
      `rpc "${name}": names that begin with "${ownProcedures}" are the server's own`,
    );
  }
  return new Map(Object.entries(declared));
}
