/** One node of Fanfare: where the parts of the engine are put together on their ports. */

import type { ChannelName } from '../model/channel-name.js';
import { disconnectCodes } from '../model/codes.js';
import { defined } from '../model/defined.js';
import { Revocations } from './auth/revocations.js';
import { acceptTickets, Tickets } from './auth/tickets.js';
import { countTokenRefusals } from './auth/token-refusals.js';
import { Answering } from './channels/answering.js';
import { PersonalChannel } from './channels/personal-channel.js';
import { Publishing } from './channels/publishing.js';
import { functionFailed } from './channels/refusal-lines.js';
import type { RpcDeclaration } from './channels/rpc-options.js';
import type { Rule } from './channels/rule.js';
import { ChannelRules } from './channels/rules.js';
import { Cluster } from './cluster/cluster.js';
import { Seats } from './cluster/seats/seats.js';
import { Beats } from './fanout/beats.js';
import { BrokerHealth } from './fanout/broker-health.js';
import { ChannelIds } from './fanout/channel-ids.js';
import { Hub } from './fanout/hub.js';
import { Interest } from './fanout/interest.js';
import { MapPages } from './fanout/map-pages.js';
import { MessageSamples } from './fanout/message-samples.js';
import { OwnKeys } from './fanout/own-keys.js';
import { PositionChecks } from './fanout/position-checks.js';
import { Presence } from './fanout/presence.js';
import { PresenceMaps } from './fanout/presence-maps.js';
import { RecoveryPages } from './fanout/recovery-pages.js';
import { RuleChanges } from './fanout/rule-changes.js';
import { PingFrames } from './fanout/shared-frame.js';
import { SlowReaders } from './fanout/slow/slow-readers.js';
import type { Subscription } from './fanout/subscription.js';
import { Variants } from './fanout/variant.js';
import { TagFilters } from './filters/tag-filters.js';
import { Inspection } from './inspection/inspection.js';
import { RecentEvents } from './log/recent-events.js';
import { clientLinesAMinute, RefusalLog } from './log/refusal-log.js';
import { summaryOf } from './operations/clients.js';
import { ControlPresence } from './operations/control-presence.js';
import { Operations } from './operations/operations.js';
import { RecentOrders } from './operations/recent-orders.js';
import { numSubscribersOf, redeemTicket, serveCluster, tellOfAnswer } from './operations/services.js';
import { SingleConnection } from './operations/single-connection.js';
import type { Authenticator } from './ports/authenticator.js';
import type { Broker, Stores } from './ports/broker.js';
import type { Clock, Random } from './ports/clock.js';
import type { Connection, Handshake } from './ports/connection.js';
import { Counters } from './ports/counters.js';
import { limitsWithDefaults } from './ports/limits.js';
import type { LevelSwitch, Logger } from './ports/logger.js';
import { Notifier } from './ports/observer.js';
import type { ProcessFigures } from './ports/process-figures.js';
import type { Tracer } from './ports/tracer.js';
import { type NodeChange, type NodeSettings, prepareChange } from './reconfigure.js';
import { Admission } from './sessions/admission.js';
import { ClientVersions } from './sessions/client-versions.js';
import { commandHandlers } from './sessions/commands/handlers.js';
import type { MapLoad } from './sessions/commands/map-subscribe.js';
import { renewConnection } from './sessions/commands/refresh.js';
import { renewSubscription } from './sessions/commands/sub-refresh.js';
import { ratesOfConnection } from './sessions/rates.js';
import { settleRuleChange } from './sessions/rule-change.js';
import { Session } from './sessions/session.js';
import { Sessions } from './sessions/sessions.js';
import { Deadlines } from './time/deadlines.js';
import { DeliverySamples } from './time/delivery-samples.js';
import { PingWheel } from './time/ping-wheel.js';
import { Slices } from './time/slices.js';
import { Turn } from './time/turn.js';

/** The ports and choices of a node. */
export interface NodeOptions extends NodeSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly broker: Broker;
  readonly auth: Authenticator;
  readonly procedures: ReadonlyMap<string, RpcDeclaration>;
  /** Called with each message that a client sends outside any channel. Absent: such a client is sent away with 3508. */
  readonly onMessage?: ((session: Session, data: unknown) => void) | undefined;
  readonly log: Logger;
  /** Changes which lines are written. Absent: the log is somebody else's. */
  readonly logLevel?: LevelSwitch | undefined;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Told to clients when they connect. */
  readonly version: string;
  /** Shared with other nodes of this process. Default: its own. */
  readonly revocations?: Revocations | undefined;
  /** Of the process in which it runs. Absent: nothing is told of it. */
  readonly processFigures?: (() => ProcessFigures) | undefined;
  /** The maps of the broker are prepared though no rule has one, since something else keeps its state there. Default: `false`. */
  readonly needsMaps?: boolean;
}

export class Node {
  readonly operations: Operations;
  readonly inspection: Inspection;
  readonly #ports: NodePorts;
  readonly #broker: Broker;
  readonly #needsMaps: boolean;

  /** @throws FanfareError `ERR_CONFIG` when a channel rule is wrong or asks for more than the broker has. */
  constructor(options: NodeOptions) {
    this.#ports = compose(options);
    this.#broker = options.broker;
    this.#needsMaps = options.needsMaps === true;
    this.operations = new Operations(this.ports);
    this.inspection = new Inspection(this.ports);
    serveCluster(this.ports);
  }

  /** What its parts work with. Each of them, and who is none, names in an interface of its own what it needs. */
  get ports(): Readonly<NodePorts> {
    return this.#ports;
  }

  async start(): Promise<void> {
    await this.#broker.start(this.ports.hub);
    const { maps, answers } = this.ports.rules.keeps;
    if (maps || this.#needsMaps) await this.#broker.maps?.prepare?.();
    if (answers) await this.#broker.answers?.prepare?.();
    await this.ports.cluster.start();
    this.ports.positionChecks.start();
    this.ports.brokerHealth.start();
  }

  /**
   * Other rules and limits while clients stay connected. Checks everything and changes nothing.
   *
   * @returns what puts it into force, and cannot fail
   * @throws FanfareError `ERR_CONFIG` as the constructor
   */
  prepareChange(change: NodeChange): () => void {
    return prepareChange(this.#ports, change);
  }

  /** Closes what is left and lets go of the broker. Idempotent. */
  async close(deadlineMs: number): Promise<void> {
    const { ports } = this;
    ports.admission.drain();
    for (const session of ports.sessions.all()) session.close(disconnectCodes.shutdown);
    ports.turn.flush();
    await ports.answering.close(deadlineMs / 4);
    this.inspection.close();
    ports.interest.close();
    ports.ruleChanges.close();
    ports.deadlines.close();
    ports.connectDeadlines.close();
    ports.pings.close();
    ports.seats.close();
    ports.slowReaders.close();
    ports.mapPages.close();
    ports.positionChecks.close();
    ports.brokerHealth.close();
    await ports.cluster.close(deadlineMs / 2);
    await this.#broker.close(deadlineMs);
  }
}

export interface NodePorts extends ReturnType<typeof compose> {}

/** All parts of a node, in the order in which one is made of others. */
function compose(options: NodeOptions) {
  const { clock, random, broker, log, logLevel, tracer, version, procedures, onMessage, ...rest } = options;
  const { processFigures, ...settings } = rest;
  const { personal = {} } = settings;
  const id = random.id();
  const limits = limitsWithDefaults(settings.limits);
  const counters = new Counters();
  const recentEvents = new RecentEvents(clock);
  const refusals = new RefusalLog(clock, log, recentEvents);
  const onObserverFailed = (error: unknown) => {
    refusals.tell(functionFailed('notification', error), clientLinesAMinute);
  };
  const notifier = new Notifier(settings.observer, clock, onObserverFailed, tracer);
  const turn = new Turn(clock);
  const interest = new Interest(broker, clock, log, limits);
  const samples = new DeliverySamples({ clock, hasSubscribers: (channel) => hub.writesAtOnce(channel) });
  const messageSamples = new MessageSamples(clock);
  const [channelIds, beats] = [new ChannelIds(), new Beats(clock)];
  const slowReaders = new SlowReaders({ clock, broker, limits });
  const hubPorts = { turn, counters, samples, messageSamples, tracer, channelIds, beats, slowReaders };
  const hub: Hub = new Hub(interest, hubPorts, notifier);
  const sessions = new Sessions(limits, counters);
  const admission = new Admission(clock, limits);
  const brokerHealth: BrokerHealth = new BrokerHealth({ broker, clock, log, counters, keeps: () => ports.rules.keeps });
  const { control, history, maps, mapChanges, answers } = broker;
  const cluster: Cluster = new Cluster({
    nodeId: id,
    clock,
    random,
    log,
    control,
    tracer,
    summary: () => summaryOf(ports),
    silenceWithin: (ms) => brokerHealth.silenceWithin(ms),
  });
  const presence = broker.presence ?? (control && new ControlPresence({ broker, clock, hub, cluster, brokerHealth }));
  const presenceMaps: PresenceMaps = new PresenceMaps({
    maps,
    log,
    refusals,
    isLastOfUser: ({ channel, owner }) =>
      control === undefined &&
      !sessions.ofUser(owner.clientInfo.user).some(({ subscriptions }) => {
        const other = subscriptions.get(channel);
        return other?.isEstablished && other.countsAsPresent;
      }),
    presenceMaps: () => ports.rules.presenceMaps,
    match: (channel) => ports.match(channel),
  });
  const carriesBytes = broker.carriesBytes === true;
  const stores: Stores = {
    name: broker.name,
    carriesBytes,
    ...defined({ history, maps, mapChanges, answers, presence }),
  };
  const rules = new ChannelRules(settings.channels, stores, limits);
  const ruleOf = (channel: ChannelName) => hub.match(channel, ports.rules);
  const ruleChanges: RuleChanges = new RuleChanges({ clock, hub, ruleOf });
  const tickets = new Tickets(clock, random);
  const withTickets = (auth: Authenticator) =>
    countTokenRefusals(
      acceptTickets(auth, (ticket) => redeemTicket({ id, tickets, cluster }, ticket)),
      counters,
    );
  const ports = {
    id,
    version,
    clock,
    random,
    log,
    logLevel,
    tracer,
    limits,
    counters,
    samples,
    messageSamples,
    clientVersions: new ClientVersions(),
    /** Absent: the broker keeps everything elsewhere. */
    holdings: () => broker.holdings,
    refusals,
    recentEvents,
    processFigures,
    notifier,
    turn,
    interest,
    hub,
    slowReaders,
    sessions,
    admission,
    brokerHealth,
    cluster,
    rules,
    ruleChanges,
    tickets,
    withTickets,
    procedures,
    onMessage,
    /** By the monotonic clock. */
    startedAtMs: clock.nowMs(),
    broker: stores,
    auth: withTickets(settings.auth),
    procedureFallback: settings.procedureFallback,
    personalChannel: PersonalChannel.of(personal, rules),
    singleConnection: new SingleConnection({ clock, cluster, sessions }, personal.singleConnection),
    connectionRates: ratesOfConnection(limits, counters),
    revocations: options.revocations ?? new Revocations(clock),
    recentOrders: new RecentOrders(clock),
    deadlines: new Deadlines(clock),
    /** Of connections that have not been let in yet. Finer, since few wait long and the time is short. */
    connectDeadlines: new Deadlines(clock, 100),
    /** A few milliseconds of work in each turn. */
    connects: new Slices(clock, 16),
    /** As above: a page may have 128 KiB. */
    mapSteps: new Slices(clock, 8),
    mapPages: new MapPages(maps, clock),
    mapLoads: new WeakMap<Subscription, MapLoad>(),
    /** Of connections to come; others may be on an older one. */
    pings: new PingWheel(clock, limits.pingIntervalMs, limits.pongTimeoutMs),
    pingFrames: new PingFrames(),
    variants: new Variants(),
    filters: new TagFilters(),
    presence: new Presence(clock, broker, presence, log, refusals, presenceMaps),
    ownKeys: new OwnKeys(maps, log, refusals),
    answering: new Answering({
      answers,
      clock,
      log,
      tellOthers: (notice) => tellOfAnswer(cluster, notice),
      onCancelled: (...what) => notifier.notify('cancelled', ...what),
      numSubscribers: (channel) => numSubscribersOf({ hub, cluster }, channel),
    }),
    streamRuns: new WeakMap<Session, Map<string, number>>(),
    publishing: new Publishing(broker, counters, samples, tracer),
    seats: new Seats({ nodeId: id, clock, cluster, limits }),
    positionChecks: new PositionChecks({ broker, hub, interest, clock, random, counters, log }),
    recoveryPages: new RecoveryPages({ hub, broker: stores, clock, counters, limits }),
    /** Somebody may ask for the headers of a connection after it was let in. */
    get keepsHandshakes(): boolean {
      const { procedureFallback, auth, rules } = ports;
      const asks = procedureFallback !== undefined || procedures.size > 0 || auth.renew !== undefined;
      return asks || notifier.observer !== undefined || rules.askFunctions;
    },
    /** The rule of a channel. */
    match: (channel: ChannelName): Rule | undefined => hub.match(channel, ports.rules) ?? ports.rules.match(channel),
    renewConnection: (session: Session): Promise<void> => renewConnection(ports, session),
    renewSubscription,
    settleRuleChange: (session: Session, subscription: Subscription): void =>
      settleRuleChange(ports, session, subscription),
  };
  const sessionPorts = Object.assign(ports, { commands: commandHandlers(ports) });
  return Object.assign(sessionPorts, {
    /** A transport has a new connection. @param client of a session that goes on here. Default: a new one */
    open(connection: Connection, handshake: Handshake, client?: string): Session {
      const session = new Session(sessionPorts, connection, handshake, client);
      admission.opened(handshake.remoteAddress);
      counters.connectionsOpened++;
      sessions.add(session);
      if (admission.isDraining) session.close(disconnectCodes.shutdown);
      return session;
    },
  });
}
