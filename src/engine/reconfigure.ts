/** Other rules and limits for a node whose clients stay connected. */

import type { ChannelDeclaration } from './channels/channel-options.js';
import { PersonalChannel, type PersonalOptions } from './channels/personal-channel.js';
import type { RpcFallback } from './channels/rpc-options.js';
import { ChannelRules } from './channels/rules.js';
import type { Seats } from './cluster/seats/seats.js';
import type { Authenticator } from './ports/authenticator.js';
import type { Stores } from './ports/broker.js';
import type { Clock } from './ports/clock.js';
import type { Counters } from './ports/counters.js';
import { type EngineLimits, limitNames, limitsWithDefaults, limitTable } from './ports/limits.js';
import type { Observer } from './ports/observer.js';
import type { Admission } from './sessions/admission.js';
import { isSamePlan, type RatePlan, ratesOfConnection, ratesOfUser } from './sessions/rates.js';
import type { Sessions } from './sessions/sessions.js';
import { PingWheel } from './time/ping-wheel.js';

/** What may be others while clients stay connected. */
export interface NodeSettings {
  readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  /** Fields that are left out have their defaults. */
  readonly limits: Partial<EngineLimits>;
  readonly personal?: PersonalOptions | undefined;
  /** Told about clients and channels, after the fact. */
  readonly observer?: Observer | undefined;
  /** Answers calls of procedures that are not in the list. Absent: error 104, or 108 when the list is empty. */
  readonly procedureFallback?: RpcFallback | undefined;
}

/** Replaces what was there, as a whole. */
export interface NodeChange extends NodeSettings {
  /** Absent: as before. */
  readonly auth?: Authenticator | undefined;
}

/** What is replaced, what that is made of, and who is told. */
export interface ChangePorts {
  auth: Authenticator;
  rules: ChannelRules;
  personalChannel: PersonalChannel | undefined;
  procedureFallback: RpcFallback | undefined;
  connectionRates: RatePlan;
  pings: PingWheel;
  /** One object for all parts of the node, which look at it whenever they need a limit: it gets other values. */
  readonly limits: EngineLimits;
  readonly notifier: { observer: Observer | undefined };
  readonly singleConnection: { isOn: boolean };
  readonly ruleChanges: { begin(): void };
  readonly admission: Pick<Admission, 'limitsChanged'>;
  readonly seats: Pick<Seats, 'mostChanged'>;
  readonly sessions: Pick<Sessions, 'all' | 'limitsChanged'>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly broker: Stores;
  withTickets(auth: Authenticator): Authenticator;
}

/** For {@link Node.prepareChange}. */
export function prepareChange(ports: ChangePorts, change: NodeChange): () => void {
  const limits = { ...limitsWithDefaults(change.limits), ...untilRestart(ports.limits) };
  const rules = new ChannelRules(change.channels, ports.broker, limits, ports.rules);
  const personalChannel = PersonalChannel.of(change.personal, rules);
  return () => {
    setLimits(ports, limits);
    if (change.auth !== undefined) ports.auth = ports.withTickets(change.auth);
    ports.notifier.observer = change.observer;
    ports.procedureFallback = change.procedureFallback;
    ports.rules = rules;
    ports.personalChannel = personalChannel;
    ports.singleConnection.isOn = change.personal?.singleConnection === true;
    ports.ruleChanges.begin();
  };
}

/** What the transports were made with. */
function untilRestart(limits: EngineLimits): Partial<EngineLimits> {
  const names = limitNames.filter((name) => limitTable[name].reload === 'restart');
  return Object.fromEntries(names.map((name) => [name, limits[name]]));
}

function setLimits(ports: ChangePorts, limits: EngineLimits): void {
  const before = { ...ports.limits };
  Object.assign(ports.limits, limits);
  if (before.pingIntervalMs !== limits.pingIntervalMs || before.pongTimeoutMs !== limits.pongTimeoutMs) {
    // Clients have been told how often to expect a ping: those that are here keep their wheel.
    ports.pings = new PingWheel(ports.clock, limits.pingIntervalMs, limits.pongTimeoutMs);
  }
  ports.admission.limitsChanged(before, ports.sessions.all());
  if (before.maxConnectionsPerUser !== limits.maxConnectionsPerUser) {
    ports.seats.mostChanged(before.maxConnectionsPerUser, ports.sessions.all());
  }
  const connectionRates = ratesOfConnection(limits, ports.counters);
  const isOfConnections = !isSamePlan(connectionRates, ports.connectionRates);
  const isOfUsers = !isSamePlan(ratesOfUser(limits, ports.counters), ratesOfUser(before, ports.counters));
  if (isOfConnections) ports.connectionRates = connectionRates;
  if (isOfUsers) ports.sessions.limitsChanged(limits);
  if (isOfConnections || isOfUsers) for (const session of ports.sessions.all()) session.ratesChanged();
}
