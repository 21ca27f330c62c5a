/** One node of Fanfare: where the parts of the engine are put together on their ports. */

import type { ChannelName } from '../model/channel-name.js';
import { disconnectCodes } from '../model/codes.js';
import { Revocations } from './auth/revocations.js';
import { acceptTickets, Tickets } from './auth/tickets.js';
import type { ChannelDeclaration } from './channels/channel-options.js';
import { PersonalChannel, type PersonalOptions } from './channels/personal-channel.js';
import { Publishing } from './channels/publishing.js';
import { functionFailed } from './channels/refusal-lines.js';
import type { RpcDeclaration, RpcFallback } from './channels/rpc-options.js';
import type { RuleMatch } from './channels/rule.js';
import { ChannelRules } from './channels/rules.js';
import { Cluster } from './cluster/cluster.js';
import { Seats } from './cluster/seats/seats.js';
import { BrokerHealth } from './fanout/broker-health.js';
import { Hub } from './fanout/hub.js';
import { Interest } from './fanout/interest.js';
import { PositionChecks } from './fanout/position-checks.js';
import { Presence } from './fanout/presence.js';
import { RuleChanges } from './fanout/rule-changes.js';
import { PingFrames } from './fanout/shared-frame.js';
import type { Subscription } from './fanout/subscription.js';
import { Variants } from './fanout/variant.js';
import { clientLinesAMinute, RefusalLog } from './log/refusal-log.js';
import { summaryOf } from './operations/clients.js';
import { ControlPresence } from './operations/control-presence.js';
import { RecentOrders } from './operations/recent-orders.js';
import { redeemTicket, serveCluster } from './operations/services.js';
import { SingleConnection } from './operations/single-connection.js';
import type { Authenticator } from './ports/authenticator.js';
import type { Broker, Stores } from './ports/broker.js';
import type { Clock, Random } from './ports/clock.js';
import type { Connection, Handshake } from './ports/connection.js';
import { Counters } from './ports/counters.js';
import { type EngineLimits, limitsWithDefaults } from './ports/limits.js';
import type { Logger } from './ports/logger.js';
import { Notifier, type Observer } from './ports/observer.js';
import { Admission } from './sessions/admission.js';
import { commandHandlers } from './sessions/commands/handlers.js';
import { renewConnection } from './sessions/commands/refresh.js';
import { settleRuleChange } from './sessions/commands/rule-change.js';
import { renewSubscription } from './sessions/commands/sub-refresh.js';
import { type RatePlan, ratesOfConnection } from './sessions/rates.js';
import { Session } from './sessions/session.js';
import { Sessions } from './sessions/sessions.js';
import { Deadlines } from './time/deadlines.js';
import { PingWheel } from './time/ping-wheel.js';
import { Turn } from './time/turn.js';

/** The ports and choices of a node. */
export interface NodeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly broker: Broker;
  readonly auth: Authenticator;
  readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  readonly procedures: ReadonlyMap<string, RpcDeclaration>;
  /** Answers calls of procedures that are not in the list. Absent: error 104, or 108 when the list is empty. */
  readonly procedureFallback?: RpcFallback;
  /** Called with each message that a client sends outside any channel. Absent: such a client is sent away with 3508. */
  readonly onMessage?: (session: Session, data: unknown) => void;
  /** Told about clients and channels, after the fact. */
  readonly observer?: Observer;
  readonly personal?: PersonalOptions;
  readonly log: Logger;
  /** Fields that are left out have their defaults. */
  readonly limits: Partial<EngineLimits>;
  /** Told to clients when they connect. */
  readonly version: string;
}

export class Node {
  readonly id: string;
  /** By the monotonic clock. */
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly broker: Stores;
  /** Takes tickets too. */
  auth: Authenticator;
  readonly #broker: Broker;
  readonly tickets: Tickets;
  readonly log: Logger;
  readonly refusals: RefusalLog;
  /** One object as long as the node lives; its values may change while it runs. */
  readonly limits: EngineLimits;
  readonly version: string;
  readonly procedures: ReadonlyMap<string, RpcDeclaration>;
  procedureFallback: RpcFallback | undefined;
  readonly onMessage: ((session: Session, data: unknown) => void) | undefined;
  readonly counters = new Counters();
  readonly sessions: Sessions;
  connectionRates: RatePlan;
  readonly admission: Admission;
  readonly revocations: Revocations;
  readonly recentOrders: RecentOrders;
  readonly notifier: Notifier;
  rules: ChannelRules;
  readonly ruleChanges: RuleChanges;
  readonly commands = commandHandlers(this);
  readonly turn: Turn;
  readonly interest: Interest;
  readonly hub: Hub;
  readonly deadlines: Deadlines;
  /** Of connections that have not been let in yet. Finer, since few wait long and the time is short. */
  readonly connectDeadlines: Deadlines;
  /** Of connections to come; others may be on an older one. */
  pings: PingWheel;
  readonly pingFrames = new PingFrames();
  readonly variants = new Variants();
  readonly presence: Presence;
  readonly publishing: Publishing;
  readonly cluster: Cluster;
  readonly seats: Seats;
  /** Absent: users have none. */
  personalChannel: PersonalChannel | undefined;
  /** Absent: users have as many as they like. */
  singleConnection: SingleConnection | undefined;
  readonly positionChecks: PositionChecks;
  readonly brokerHealth: BrokerHealth;
  /** Somebody may ask for the headers of a connection later on. */
  keepsHandshakes: boolean;
  #isLeaving = false;
  #isDraining = false;

  /** @throws FanfareError `ERR_CONFIG` when a channel rule is wrong or asks for more than the broker has. */
  constructor(options: NodeOptions) {
    const { clock, random, broker, log } = options;
    this.clock = clock;
    this.random = random;
    this.#broker = broker;
    this.tickets = new Tickets(clock, random);
    this.auth = this.withTickets(options.auth);
    this.log = log;
    this.refusals = new RefusalLog(clock, log);
    this.version = options.version;
    this.procedures = options.procedures;
    this.procedureFallback = options.procedureFallback;
    this.onMessage = options.onMessage;
    this.limits = limitsWithDefaults(options.limits);
    this.id = random.id();
    this.startedAtMs = clock.nowMs();
    this.connectionRates = ratesOfConnection(this.limits, this.counters);
    this.sessions = new Sessions(this.limits, this.counters);
    this.admission = new Admission(clock, this.limits);
    this.revocations = new Revocations(clock);
    this.recentOrders = new RecentOrders(clock);
    this.notifier = new Notifier(options.observer ?? {}, clock, (error) => {
      this.refusals.tell(functionFailed('notification', error), clientLinesAMinute);
    });
    this.turn = new Turn(clock);
    this.interest = new Interest(broker, clock, log, this.limits);
    this.hub = new Hub(this.interest, this.turn, this.counters, this.notifier);
    this.deadlines = new Deadlines(clock);
    this.connectDeadlines = new Deadlines(clock, 100);
    this.pings = new PingWheel(clock, this.limits.pingIntervalMs, this.limits.pongTimeoutMs);
    const keeps = () => ({
      history: [...this.rules].some(({ stream }) => stream !== undefined),
      presence: [...this.rules].some(({ presence }) => presence),
    });
    this.brokerHealth = new BrokerHealth({ broker, clock, log, keeps });
    const { control, history } = broker;
    this.cluster = new Cluster({
      ...{ nodeId: this.id, clock, random, log, control },
      summary: () => summaryOf(this),
      silenceWithin: (ms) => this.brokerHealth.silenceWithin(ms),
    });
    const { hub, interest, counters, cluster, brokerHealth } = this;
    const presence = broker.presence ?? (control && new ControlPresence({ broker, clock, hub, cluster, brokerHealth }));
    this.broker = { name: broker.name, ...(history && { history }), ...(presence && { presence }) };
    this.presence = new Presence(broker, presence, log, this.refusals);
    this.publishing = new Publishing(broker, counters);
    this.rules = new ChannelRules(options.channels, this.broker, this.limits);
    this.keepsHandshakes = this.noteWhoIsAsked(options.observer);
    this.ruleChanges = new RuleChanges(this);
    this.seats = new Seats({ nodeId: this.id, clock, cluster: this.cluster, limits: this.limits });
    const { channel, singleConnection = false } = options.personal ?? {};
    this.personalChannel =
      channel === undefined ? undefined : new PersonalChannel(channel, (name) => this.rules.match(name)?.rule);
    this.singleConnection = singleConnection ? new SingleConnection(this) : undefined;
    serveCluster(this);
    this.positionChecks = new PositionChecks({ broker, hub, interest, clock, random, counters, log });
  }

  /** True from the moment at which no new client should be sent here; those that come are still let in. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** True from the moment at which the node lets nobody in any more. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  async start(): Promise<void> {
    await this.#broker.start(this.hub);
    await this.cluster.start();
    this.positionChecks.start();
    this.brokerHealth.start();
  }

  /** Whether somebody may want to know the headers of a connection after it was let in. */
  noteWhoIsAsked(observer: Observer | undefined): boolean {
    this.keepsHandshakes =
      observer !== undefined ||
      this.procedureFallback !== undefined ||
      this.procedures.size > 0 ||
      this.auth.renew !== undefined ||
      this.rules.askFunctions;
    return this.keepsHandshakes;
  }

  withTickets(auth: Authenticator): Authenticator {
    return acceptTickets(auth, (ticket) => redeemTicket(this, ticket));
  }

  renewConnection(session: Session): Promise<void> {
    return renewConnection(this, session);
  }

  renewSubscription(session: Session, subscription: Subscription): Promise<void> {
    return renewSubscription(session, subscription);
  }

  settleRuleChange(session: Session, subscription: Subscription): void {
    settleRuleChange(this, session, subscription);
  }

  /** The rule of a channel. */
  match(channel: ChannelName): RuleMatch | undefined {
    return this.hub.match(channel, this.rules) ?? this.rules.match(channel);
  }

  /** A transport has a new connection. */
  open(connection: Connection, handshake: Handshake): Session {
    const session = new Session(this, connection, handshake);
    this.admission.opened(handshake.remoteAddress);
    this.counters.connectionsOpened++;
    this.sessions.add(session);
    if (this.#isDraining) session.close(disconnectCodes.shutdown);
    return session;
  }

  /** Says that it is about to go. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Refuses newcomers from now on. */
  drain(): void {
    this.#isLeaving = true;
    this.#isDraining = true;
  }

  /** Closes what is left and lets go of the broker. Idempotent. */
  async close(deadlineMs: number): Promise<void> {
    this.drain();
    for (const session of this.sessions.all()) session.close(disconnectCodes.shutdown);
    this.turn.flush();
    this.interest.close();
    this.ruleChanges.close();
    this.deadlines.close();
    this.connectDeadlines.close();
    this.pings.close();
    this.seats.close();
    this.positionChecks.close();
    this.brokerHealth.close();
    await this.cluster.close(deadlineMs / 2);
    await this.#broker.close(deadlineMs);
  }
}
