/** Other rules and limits for a node whose clients stay connected. */

import type { ChannelDeclaration } from './channels/channel-options.js';
import { PersonalChannel, type PersonalOptions } from './channels/personal-channel.js';
import type { RpcFallback } from './channels/rpc-options.js';
import { ChannelRules } from './channels/rules.js';
import type { Node } from './node.js';
import { SingleConnection } from './operations/single-connection.js';
import type { Authenticator } from './ports/authenticator.js';
import { type EngineLimits, limitNames, limitsWithDefaults, limitTable } from './ports/limits.js';
import type { Observer } from './ports/observer.js';
import { isSamePlan, ratesOfConnection, ratesOfUser } from './sessions/rates.js';
import { PingWheel } from './time/ping-wheel.js';

/** What replaces what was there, as a whole. */
export interface NodeChange {
  /** Absent: as before. */
  readonly auth?: Authenticator;
  readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  /** Fields that are left out have their defaults. */
  readonly limits: Partial<EngineLimits>;
  readonly personal: PersonalOptions;
  readonly observer: Observer | undefined;
  readonly procedureFallback: RpcFallback | undefined;
}

/**
 * Checks everything and changes nothing.
 *
 * @returns what puts it into force, and cannot fail
 * @throws FanfareError `ERR_CONFIG` as the node's constructor
 */
export function prepareChange(node: Node, change: NodeChange): () => void {
  const limits = { ...limitsWithDefaults(change.limits), ...untilRestart(node.limits) };
  const rules = new ChannelRules(change.channels, node.broker, limits, node.rules);
  const { channel, singleConnection = false } = change.personal;
  const personalChannel =
    channel === undefined ? undefined : new PersonalChannel(channel, (name) => rules.match(name)?.rule);
  return () => {
    setLimits(node, limits);
    if (change.auth !== undefined) node.auth = node.withTickets(change.auth);
    node.notifier.observer = change.observer ?? {};
    node.procedureFallback = change.procedureFallback;
    node.rules = rules;
    node.personalChannel = personalChannel;
    if (!singleConnection) node.singleConnection = undefined;
    else node.singleConnection ??= new SingleConnection(node);
    node.noteWhoIsAsked(change.observer);
    node.ruleChanges.begin();
  };
}

/** What the transports were made with. */
function untilRestart(limits: EngineLimits): Partial<EngineLimits> {
  const names = limitNames.filter((name) => limitTable[name].reload === 'restart');
  return Object.fromEntries(names.map((name) => [name, limits[name]]));
}

function setLimits(node: Node, limits: EngineLimits): void {
  const before = { ...node.limits };
  // One object for all parts of the node, which look at it whenever they need a limit.
  Object.assign(node.limits, limits);
  if (before.pingIntervalMs !== limits.pingIntervalMs || before.pongTimeoutMs !== limits.pongTimeoutMs) {
    // Clients have been told how often to expect a ping: those that are here keep their wheel.
    node.pings = new PingWheel(node.clock, limits.pingIntervalMs, limits.pongTimeoutMs);
  }
  node.admission.limitsChanged(before, node.sessions.all());
  if (before.maxConnectionsPerUser !== limits.maxConnectionsPerUser) {
    node.seats.mostChanged(before.maxConnectionsPerUser, node.sessions.all());
  }
  const connectionRates = ratesOfConnection(limits, node.counters);
  const isOfConnections = !isSamePlan(connectionRates, node.connectionRates);
  const isOfUsers = !isSamePlan(ratesOfUser(limits, node.counters), ratesOfUser(before, node.counters));
  if (isOfConnections) node.connectionRates = connectionRates;
  if (isOfUsers) node.sessions.limitsChanged(limits);
  if (isOfConnections || isOfUsers) for (const session of node.sessions.all()) session.ratesChanged();
}
