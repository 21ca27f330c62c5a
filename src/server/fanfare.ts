/** Assembles an application from its options: the only place where all parts meet. */

import { describeContract } from '../asyncapi/describe.js';
import { jsonSchemaOf } from '../asyncapi/json-schema.js';
import type { ClientAccess } from '../asyncapi/options.js';
import { isLoopback } from '../config/loopback.js';
import { allowAnonymous, denyAll } from '../engine/auth/anonymous.js';
import { authenticateBy } from '../engine/auth/function-auth.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { ChannelSchemas, ProcedureTable } from '../engine/channels/channel-types.js';
import { contradictions } from '../engine/channels/contradictions.js';
import type { PersonalOptions } from '../engine/channels/personal-channel.js';
import type { RpcDeclaration, RpcFallback } from '../engine/channels/rpc-options.js';
import { Node, type NodeOptions } from '../engine/node.js';
import { singleConnectionConflict } from '../engine/operations/single-connection.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import type { Counters } from '../engine/ports/counters.js';
import { defaultLimits, type EngineLimits, type LimitName, limitNames, limitTable } from '../engine/ports/limits.js';
import { type Logger, silentLogger } from '../engine/ports/logger.js';
import type { Tracer } from '../engine/ports/tracer.js';
import { withTimeLimit } from '../engine/time/time-limit.js';
import { apiEndpoints } from '../http/api/api.js';
import type { ApiParts, DescribedOption } from '../http/api/method.js';
import { UnknownFields } from '../http/api/unknown-fields.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { liveEndpoint, readyEndpoint } from '../http/health.js';
import { metricsEndpoint } from '../http/metrics.js';
import { defined } from '../model/defined.js';
import { FanfareError } from '../model/fanfare-error.js';
import { ownProcedures } from '../model/join-leave-wish.js';
import type { HookMetricsSource } from '../observe/hook-metrics.js';
import { createLog } from '../observe/log.js';
import { LogLevelSwitch } from '../observe/log-level.js';
import type { Metrics } from '../observe/metrics.js';
import type { NodeFigures } from '../observe/node-metrics.js';
import { TracedLog } from '../observe/traced-log.js';
import type { FigurePeers } from '../observe/worker-metrics.js';
import { ClientGate } from '../transports/client-gate.js';

import { OriginPolicy } from '../transports/origin-policy.js';
import { TrustedProxies } from '../transports/trusted-proxies.js';
import { HeldSockets } from '../transports/websocket/held-sockets.js';
import { FanfareApp } from './app.js';
import { checkOptions } from './check-options.js';
import { clientTransports } from './client-transports.js';
import { durableStreams } from './durable-streams.js';
import { HandedOver } from './handed-over.js';
import { memory } from './memory.js';
import type { FanfareOptions } from './options.js';
import { ProcessMeter } from './process-meter.js';
import { requireRuntime } from './runtime.js';
import { type ListenOptions, Serving } from './serving.js';
import { systemClock, systemRandom } from './system-ports.js';
import { openTracer } from './tracing.js';
import { version } from './version.js';

const defaultPath = '/connection/websocket';

/**
 * Creates an application. It does not listen until `listen()` or `attach()`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example const app = fanfare({ anonymous: true, channels: { news: channel({ subscribe: 'anyone' }) } }); await
 *   app.listen(8000); await app.publish('news', { title: 'hello' });
 */
export function fanfare<
  Channels extends ChannelSchemas = Record<never, never>,
  Procedures extends ProcedureTable = Record<never, never>,
>(options: FanfareOptions<Channels, Procedures>): FanfareApp<Channels, Procedures> {
  checkOptions(options);
  return assemble(options, undefined).app;
}

/** The parts that hooks of a configuration add to an application. */
export interface HookParts extends HookMetricsSource {
  /** Answers calls of procedures that the application has not declared. */
  readonly procedureFallback?: RpcFallback | undefined;
  /** Called with the id of the node that the notifications are about. */
  start(nodeId: string): void;
  /** Called when all clients are gone; sends the last notifications by the deadline. */
  close(deadlineMs: number): Promise<void>;
}

/** An application, and a way to change its configuration. */
export interface Assembled<Channels extends ChannelSchemas, Procedures extends ProcedureTable> {
  readonly app: FanfareApp<Channels, Procedures>;
  readonly counters: Counters;
  readonly prepareChange: Node['prepareChange'];
}

/** What {@link assemble} gets from whoever has it already. */
interface AssembledParts {
  /** The processes whose metrics are added to this one's. */
  readonly peers?: FigurePeers;
  /** Default: one of its own, if the options ask for tracing. */
  readonly tracer?: Tracer | undefined;
  /** Of the log in the options. Default: none, since that log is the application's. */
  readonly level?: LogLevelSwitch;
  /** The options in force, for the API. Default: the limits. */
  readonly describeOptions?: () => readonly DescribedOption[];
}

/** Like {@link fanfare}, with hooks, and possibly as one of several processes that share a port. */
export function assemble<Channels extends ChannelSchemas, Procedures extends ProcedureTable>(
  options: FanfareOptions<Channels, Procedures>,
  hooks: HookParts | undefined,
  given: AssembledParts = {},
): Assembled<Channels, Procedures> {
  requireRuntime(process.versions);
  const { peers, describeOptions } = given;
  const { log, logLevel, tracer } = logging(options, given);
  const ports = { clock: systemClock, random: systemRandom, log };
  const { onMessage, path = defaultPath } = options;
  const meter = new ProcessMeter(systemClock);
  // safe: the engine calls a rule's functions with results of the rule's own schema and pattern
  const channels = (options.channels ?? {}) as unknown as Readonly<Record<string, ChannelDeclaration>>;
  const limits = options.limits ?? {};
  const declared = {
    ...ports,
    logLevel,
    tracer,
    auth: authenticator(options),
    channels,
    // safe: likewise for procedures
    procedures: procedureTable((options.rpc ?? {}) as unknown as Record<string, RpcDeclaration>),
    limits,
    version,
    processFigures: () => meter.figures(),
    observer: options.on,
    personal: options.personal,
    needsMaps: options.durableStreams !== undefined,
    procedureFallback: hooks?.procedureFallback,
    onMessage:
      onMessage &&
      (({ user, client }, data) => {
        onMessage(data, { user: user === '' ? null : user, client });
      }),
  } satisfies Omit<NodeOptions, 'broker'>;
  const node = new Node({ ...declared, broker: (options.broker ?? memory())(ports) });
  const { id, counters, refusals } = node.ports;
  reportContradictions(node.ports, hooks === undefined ? log : undefined);
  reportPersonal(options.personal, node.ports, hooks === undefined ? log : undefined);
  if (hooks === undefined && options.origins?.includes('null')) {
    log.warn(
      { option: 'origins' },
      'origins has "null": pages from files and sandboxed frames, of whatever site, may connect',
    );
  }
  const gate = new ClientGate(node.ports, {
    origins: new OriginPolicy(options.origins === undefined ? {} : { origins: options.origins }),
    proxies: new TrustedProxies(options.trustProxies ?? [], {
      ...defined({ header: options.proxyHeader }),
      refusals,
    }),
    // A client's own tokens are never in cookies.
    cookiesAuthenticate: () => node.ports.auth.readsHeaders === true,
  });
  const held = new HeldSockets(node.ports, gate);
  const ofClients = clientTransports(node.ports, gate, { path, transports: options.transports ?? {}, channels });
  const transports = [...ofClients, held, ...durableStreams(node.ports, gate, options.durableStreams, ofClients)];
  hooks?.start(id);
  let loadedMetrics: Promise<Metrics> | undefined;
  const metrics = () => (loadedMetrics ??= loadMetrics(node.ports, hooks, peers));
  const unknownFields = new UnknownFields(log);
  const apiParts: ApiParts = {
    operations: node.operations,
    inspection: node.inspection,
    counters,
    refusals,
    unknownFields,
    ...ports,
    tracer,
    described: {
      options: describeOptions ?? (() => describedLimits(node.ports.limits)),
      schemaOf: ({ schema }) => {
        const conversion = schema && jsonSchemaOf(schema, 'input', '#');
        return conversion?.ok ? conversion.schema : undefined;
      },
    },
  };
  const serving = new Serving({
    node,
    transports,
    proxies: gate.proxies,
    endpoints: async (listen) => [
      ...apiOf(listen, apiParts),
      ...(await consoleOf(listen, apiParts)),
      liveEndpoint,
      readyEndpoint(node.ports),
      ...(listen.metrics === true ? [metricsEndpoint(metrics)] : []),
      ...(listen.endpoints ?? []),
    ],
    onStart: async () => {
      // Calls of hooks are timed, and other workers are answered, before anybody asks this process.
      if (peers !== undefined || (hooks?.figures.length ?? 0) > 0) await metrics();
    },
    onClose: async (deadlineMs) => {
      logLevel?.close();
      await hooks?.close(deadlineMs);
      (await loadedMetrics)?.close();
      meter.close();
      // The process is about to exit; an application ends its SDK itself.
      const flushed = given.tracer && withTimeLimit(systemClock, deadlineMs, 'spans', given.tracer.flush());
      await flushed?.catch((error: unknown) => log.warn({ err: error }, 'the last spans were not taken'));
    },
  });
  const handedOver = new HandedOver({
    node,
    transports,
    held,
    proxies: gate.proxies,
    startMeanwhile: () => serving.startMeanwhile(),
  });
  const app = new FanfareApp<Channels, Procedures>({
    serving,
    handedOver,
    operations: node.operations,
    engine: {
      ...ports,
      auth: declared.auth,
      limits,
      observer: options.on,
      hasSingleConnections: options.personal?.singleConnection === true,
      gate,
      makeNode: (own) => new Node({ ...declared, ...own }),
      check: (other) => reportContradictions(other.ports, undefined),
    },
    setOrigins: (origins) => {
      gate.origins = new OriginPolicy(origins === undefined ? {} : { origins });
    },
    spec: (specOptions) =>
      describeContract(
        {
          rules: node.ports.rules,
          procedures: node.ports.procedures,
          path,
          access: {
            tokens: options.auth === undefined ? 'none' : tokensOf(node.ports.auth),
            anonymous: options.anonymous ?? false,
          },
          onUnknown: ({ what, reason }) => log.warn({ what, reason }, 'schema is unknown in the contract'),
        },
        specOptions,
      ),
  });
  return {
    app,
    counters,
    prepareChange: (change) => node.prepareChange(change),
  };
}

/** Of the library's own log. */
const defaultLevel = 'warn';

/** The log, its level if that is not the application's, and the tracer that its lines name. @throws FanfareError `ERR_CONFIG` */
function logging({ log: given, tracing = false }: Pick<FanfareOptions, 'log' | 'tracing'>, parts: AssembledParts) {
  const own = given === undefined ? createLog({ level: defaultLevel }) : undefined;
  const plain = given ?? own ?? silentLogger;
  const tracer = parts.tracer ?? (tracing ? openTracer(plain) : undefined);
  return {
    log: tracer === undefined ? plain : new TracedLog(plain, tracer),
    logLevel: parts.level ?? (own && new LogLevelSwitch(own, systemClock, defaultLevel)),
    tracer,
  };
}

/** Only now: the library behind it would be a quarter of what `import 'fanfare'` takes. */
async function loadMetrics(node: NodeFigures, hooks?: HookMetricsSource, peers?: FigurePeers): Promise<Metrics> {
  const { nodeMetrics } = await import('../observe/metrics.js');
  if (peers === undefined) return nodeMetrics(node, hooks);
  const { workerMetrics } = await import('../observe/worker-metrics.js');
  return workerMetrics(node, peers, hooks);
}

/**
 * @param log absent: the configuration has warned already
 * @throws FanfareError `ERR_CONFIG`
 */
function reportContradictions({ limits, rules }: Node['ports'], log: Logger | undefined): void {
  const words = { nameOf: (limit: LimitName) => `limits.${limit}`, valueOf: (limit: LimitName) => `${limits[limit]}` };
  for (const { severity, limit, rule, message } of contradictions(limits, rules, words)) {
    const about = limit === undefined ? `channel rule "${rule}":` : `limits.${limit} is ${limits[limit]},`;
    const text = `${about} ${message}`;
    if (severity === 'error') throw new FanfareError('ERR_CONFIG', text);
    log?.warn(limit === undefined ? { rule } : { option: `limits.${limit}`, value: limits[limit] }, text);
  }
}

/**
 * @param log absent: the configuration has warned already
 * @throws FanfareError `ERR_CONFIG`
 */
function reportPersonal(
  personal: PersonalOptions | undefined,
  { limits, personalChannel }: Node['ports'],
  log: Logger | undefined,
): void {
  const conflict = personal?.singleConnection && singleConnectionConflict(limits.maxConnectionsPerUser);
  if (conflict) throw new FanfareError('ERR_CONFIG', `personal.singleConnection ${conflict}`);
  const warning = personalChannel?.warning;
  if (warning !== undefined) log?.warn({ option: 'personal.channel' }, warning);
}

/** @throws FanfareError `ERR_CONFIG` */
function apiOf({ api, host }: ListenOptions & { readonly host: string }, parts: ApiParts): HttpEndpoint[] {
  if (api?.insecure === true && !isLoopback(host)) {
    throw new FanfareError('ERR_CONFIG', `api.insecure: not on ${host}, which others than this machine can reach`);
  }
  return api === undefined ? [] : apiEndpoints(parts, api);
}

/** Only then: its page is read, too. @throws FanfareError `ERR_CONFIG` */
async function consoleOf({ console: options }: ListenOptions, parts: ApiParts): Promise<HttpEndpoint[]> {
  if (options === undefined) return [];
  const { consoleEndpoints } = await import('../http/console/console.js');
  const { consoleFiles } = await import('./console-files.js');
  return consoleEndpoints(parts, consoleFiles(), options, systemClock);
}

/** What an application that has no configuration can tell. */
function describedLimits(limits: EngineLimits): DescribedOption[] {
  return limitNames.map((name) => ({
    name: `limits.${name}`,
    value: String(limits[name]),
    source: limits[name] === defaultLimits[name] ? 'default' : 'fanfare()',
    about: limitTable[name].about,
  }));
}

/** A guess from the authenticator's properties. */
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
