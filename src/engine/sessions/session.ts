/**
 * One client's connection as the engine sees it: its identity, what it is sent, and when it ends. Commands and subscriptions
 * are in classes of their own; what is left shares one state, whose order at connecting and closing is the point of it.
 */

import type { ChannelName } from '../../model/channel-name.js';
import { type Disconnect, disconnectCodes } from '../../model/codes.js';
import { defined } from '../../model/defined.js';
import type { DictionaryOffer } from '../../model/dictionary.js';
import { parsedValue } from '../../model/json-source.js';
import type { ClientInfo } from '../../model/publication.js';
import type { Push } from '../../model/push.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ReplyBody } from '../../model/reply.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import { type JsonBehind, jsonBehind } from '../channels/json-behind.js';
import type { Asker } from '../channels/permissions.js';
import { Outbox, type OutboxOwner, type OutboxPorts } from '../fanout/outbox.js';
import type { PingFrames } from '../fanout/shared-frame.js';
import type { Subscription } from '../fanout/subscription.js';
import type { RecentEvents } from '../log/recent-events.js';
import { clientLinesAMinute } from '../log/refusal-log.js';
import type { Capability } from '../names/capabilities.js';
import type { Identity } from '../ports/authenticator.js';
import type { Random } from '../ports/clock.js';
import type { Connection, Handshake } from '../ports/connection.js';
import { Counters } from '../ports/counters.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Deadlines, Expiring } from '../time/deadlines.js';
import type { Pinged, PingWheel } from '../time/ping-wheel.js';
import { newTokenTimeMs } from '../time/ttl.js';
import type { ClientVersion, ClientVersions } from './client-versions.js';
import { closedBecause, closedByLimit, expired } from './close-lines.js';
import { CommandIntake, type IntakePorts, type SessionState } from './command-intake.js';
import { forgotten } from './forgotten-handshake.js';
import type { Rates } from './rates.js';
import { SessionSubscriptions, type SubscriptionPorts } from './session-subscriptions.js';

/** What sessions work with: one object for all. Limits, rates and pings may change during a session. */
export interface SessionPorts extends OutboxPorts, SubscriptionPorts, IntakePorts<Session> {
  readonly random: Random;
  readonly limits: EngineLimits;
  readonly counters: Counters;
  /** Of connections that are not authenticated yet. */
  readonly connectDeadlines: Deadlines;
  /** For new connections; others may still be on an older one. */
  readonly pings: PingWheel;
  readonly pingFrames: PingFrames;
  /** Whether the headers of a connection may be needed later. */
  readonly keepsHandshakes: boolean;
  readonly sessions: {
    /** Returns the rates that the session shares with the user's other connections. */
    connected(session: Session): Rates | undefined;
    ratesOf(user: string): Rates | undefined;
    nextNumber(): number;
    remove(session: Session, wasConnected: boolean): void;
  };
  readonly seats: { free(user: string): void };
  readonly recentEvents: Pick<RecentEvents, 'ended'>;
  readonly admission: { closed(address: string): void };
  readonly clientVersions: ClientVersions;
  /** A connection has expired, and its client has no tokens. */
  renewConnection(session: Session): Promise<void>;
  /** A subscription has expired, its client has no tokens, and its rule has a function that may renew it. */
  renewSubscription(session: Session, subscription: Subscription): Promise<void>;
  /** The channel's rule is not the one under which the subscription was granted. */
  settleRuleChange(session: Session, subscription: Subscription): void;
}

/** The client's identity and its consequences. A renewal replaces the whole object. */
export interface Admitted {
  readonly identity: Identity;
  /** What others see of the client. */
  readonly clientInfo: ClientInfo;
  /** Whether the client itself sends new tokens before the connection expires. */
  readonly refreshable: boolean;
}

/** Only this class writes its public fields. */
export class Session implements OutboxOwner, Pinged, Expiring, Asker {
  readonly #ports: SessionPorts;
  readonly #connection: Connection;
  /** Id of this connection, unguessable. */
  readonly client: string;
  /** Once connected, without headers and address unless they may be needed. */
  handshake: Handshake;
  state: SessionState = 'new';
  admitted: Admitted | undefined;
  /** By the monotonic clock. */
  connectedAtMs = Number.POSITIVE_INFINITY;
  /** Grows from each connection of this node that is let in to the next. */
  number = 0;
  /** The user to whom the connection's seat counts, over all nodes. */
  seat: string | undefined;
  readonly outbox: Outbox;
  readonly subscriptions: SessionSubscriptions;
  readonly #commands: CommandIntake<Session>;
  /** When the ping was sent whose pong is due, by the monotonic clock; 0: none is. */
  #pingedAtMs = 0;
  /** Known once it is connected. */
  #version: ClientVersion | undefined;
  /** The wheel whose interval the client was told. */
  #pings: PingWheel | undefined;
  #pingSlot = -1;
  #deadline: number;

  /** @param client the id of a session that continues here. Default: a new id */
  constructor(ports: SessionPorts, connection: Connection, handshake: Handshake, client = ports.random.id()) {
    this.#ports = ports;
    this.#connection = connection;
    this.handshake = handshake;
    this.client = client;
    this.outbox = new Outbox(connection, this, ports);
    this.subscriptions = new SessionSubscriptions(this, ports);
    this.#commands = new CommandIntake<Session>(this, ports);
    this.#deadline = ports.connectDeadlines.add(this, ports.limits.connectTimeoutMs);
  }

  /** Empty for an anonymous connection. */
  get user(): string {
    return this.admitted?.identity.user ?? '';
  }

  get clientInfo(): ClientInfo {
    return this.admitted?.clientInfo ?? { user: '', client: this.client };
  }

  get meta(): unknown {
    return parsedValue(this.admitted?.identity.meta);
  }

  get [jsonBehind](): JsonBehind {
    return { meta: this.admitted?.identity.meta };
  }

  get capabilities(): readonly Capability[] | undefined {
    return this.admitted?.identity.capabilities;
  }

  /** What the client says of its SDK, as far as it is told apart; empty before it is connected. */
  get sdk(): Pick<ClientVersion, 'name' | 'version'> {
    return this.#version ?? { name: '', version: '' };
  }

  get transport(): string {
    return this.#connection.transport;
  }

  /** Name of the wire protocol. */
  get protocol(): string {
    return this.#connection.encoding.protocol.name;
  }

  /** Whether the client gets bytes as they are. */
  get carriesBytes(): boolean {
    return this.#connection.encoding.protocol.carriesBytes;
  }

  /** Whether the client is asked to answer pings. */
  get answersPings(): boolean {
    return this.#connection.answersPings !== false;
  }

  /** Whether the rest of a recovery may follow its reply. */
  get takesPages(): boolean {
    return this.#connection.takesPages !== false;
  }

  /** Largest frame from the client; transports that find a larger one close. */
  get maxFrameBytes(): number {
    return this.#ports.limits.maxFrameBytes;
  }

  /** Entries are renewed with the session's pings, which may be less frequent than those of newer connections. */
  get presenceTtlMs(): number {
    const { limits, pings } = this.#ports;
    const wheel = this.#pings ?? pings;
    return wheel === pings ? limits.presenceTtlMs : Math.max(limits.presenceTtlMs, wheel.intervalMs * 2);
  }

  isSubscribed(channel: ChannelName): boolean {
    return this.subscriptions.get(channel)?.isEstablished === true;
  }

  /** Whether one more subscription is allowed. Those that are about to end do not count. */
  get hasRoom(): boolean {
    const most = this.#ports.limits.maxChannelsPerConnection;
    if (this.subscriptions.size < most) return true;
    let staying = 0;
    for (const { channel } of this.subscriptions) if (!this.#commands.isLeaving(channel)) staying++;
    return staying < most;
  }

  /** For use after an `await`, which may have changed the state. */
  is(state: SessionState): boolean {
    return this.state === state;
  }

  /** Called by the transport for each frame. */
  receive(frame: EncodedMessage): void {
    if (this.state === 'closed') return;
    const { counters } = this.#ports;
    counters.framesIn++;
    counters.bytesIn += frame.length;
    const decoded = this.#connection.encoding.protocol.decode(frame);
    if (!decoded.ok) {
      this.close(decoded.disconnect, decoded.detail);
      return;
    }
    for (const command of decoded.commands) {
      const goesOn = command.kind === 'pong' ? this.#acceptPong() : this.#commands.accept(command);
      if (!goesOn) return;
    }
  }

  /** Resolves when no command is in progress, or the outcome of none counts any more. */
  whenIdle(): Promise<void> {
    return this.#commands.whenIdle();
  }

  /** Called by the transport for control frames of its own, such as a WebSocket ping: floods of those count too. */
  receiveControl(): void {
    if (this.state !== 'closed') this.#commands.takeControl();
  }

  encodeReply(id: number, body: ReplyBody): EncodedMessage {
    return this.#connection.encoding.protocol.encodeReply(id, body);
  }

  encodePush(push: Push): EncodedMessage {
    return this.#connection.encoding.protocol.encodePush(push);
  }

  /** Absent if the connection has none, or the client cannot read it. */
  offerDictionary(held: string | undefined): DictionaryOffer | undefined {
    return held === undefined ? undefined : this.#connection.offerDictionary?.(held);
  }

  /** Sends what is due, which the client reads without the dictionary, and everything else with it. */
  beginDictionary(): void {
    this.outbox.flush();
    this.#connection.beginDictionary?.();
    for (const subscription of this.subscriptions) subscription.encodingChanged();
  }

  push(push: Push): void {
    if (this.state !== 'closed') this.outbox.send(this.encodePush(push));
  }

  /** Logs why this client was refused, or what is wrong with it. False if the rate of such lines is reached. */
  explain(why: RefusalLine, code?: number): boolean {
    const { client, user, handshake } = this;
    // Forgotten by now, unless a limit needs it.
    const peer = handshake.remoteAddress || undefined;
    const context = () => ({ client, user, ...defined({ peer, code }) });
    return this.#ports.refusals.tell(why, clientLinesAMinute, context);
  }

  /** Called with the first command. */
  begin(): void {
    this.state = 'connecting';
  }

  /** The client was told that it may not connect. */
  refused(): void {
    this.state = 'refused';
  }

  /** The connection has one of the user's seats until it ends. */
  takeSeat(user: string): void {
    // The client may have disconnected while the seat was requested.
    if (this.state === 'closed') this.#ports.seats.free(user);
    else this.seat = user;
  }

  /** The client is authenticated. */
  admit(identity: Identity, refreshable: boolean): void {
    const { user, info } = identity;
    const clientInfo = { user, client: this.client, ...(info !== undefined && { connInfo: info }) };
    this.admitted = { identity, clientInfo, refreshable };
  }

  /**
   * The client is connected: runs the commands that waited for it.
   *
   * @param name of its SDK, and the version of that, as the client gives them
   * @param connectedMs for how long it has been so already, on another node
   */
  connected(name: string, version: string, connectedMs = 0): void {
    const ports = this.#ports;
    this.state = 'connected';
    this.#version = ports.clientVersions.connected(name, version);
    this.connectedAtMs = ports.clock.nowMs() - connectedMs;
    this.number = ports.sessions.nextNumber();
    if (!ports.keepsHandshakes) this.handshake = forgotten(this.handshake, ports.limits);
    const userRates = ports.sessions.connected(this);
    ports.notifier.notify('connected', this);
    this.#pings = ports.pings;
    this.#pingSlot = ports.pings.add(this);
    ports.connectDeadlines.remove(this, this.#deadline);
    this.#limitTime();
    this.#commands.connected(userRates);
  }

  /** Continues with another identity of the same user, and its expiry. */
  renew(identity: Identity): void {
    if (this.admitted === undefined) return;
    const { clientInfo } = this.admitted;
    const { info } = identity;
    const renewed = info === undefined ? clientInfo : { ...clientInfo, connInfo: info };
    this.admitted = { ...this.admitted, identity, clientInfo: renewed };
    this.#limitTime();
  }

  renewSubscription(subscription: Subscription): void {
    void this.#ports.renewSubscription(this, subscription);
  }

  settleRuleChange(subscription: Subscription): void {
    this.#ports.settleRuleChange(this, subscription);
  }

  settle(channel: string): void {
    // safe: a name that is not valid is not found
    const subscription = this.subscriptions.get(channel as ChannelName);
    if (subscription === undefined) return;
    if (subscription.rule.batchMs > 0 || subscription.variant.joinLeave) subscription.settle();
  }

  /** Applies changed rates. */
  ratesChanged(): void {
    this.#commands.ratesChanged(this.state === 'connected' ? this.#ports.sessions.ratesOf(this.user) : undefined);
  }

  onSlow(): void {
    const { maxQueueBytes } = this.#ports.limits;
    const line = closedByLimit('maxQueueBytes', maxQueueBytes, 'it reads more slowly than it is sent');
    for (const { rule, isEstablished } of this.subscriptions) {
      if (isEstablished && rule.slow.kind === 'disconnect') rule.counts.slowCutOff++;
    }
    this.closeSoon(disconnectCodes.slow, line);
  }

  onPingDue(): void {
    if (this.state !== 'connected') return;
    this.#pingedAtMs = this.#ports.clock.nowMs();
    this.outbox.writeAlone(this.#ports.pingFrames.bytesFor(this.#connection.encoding));
    for (const subscription of this.subscriptions) {
      if (subscription.isEstablished) void this.#ports.presence.renew(subscription);
    }
  }

  onPongDue(): void {
    if (this.#pingedAtMs === 0) return;
    const { pongTimeoutMs } = this.#ports.limits;
    this.close(disconnectCodes.noPong, closedByLimit('pongTimeoutMs', pongTimeoutMs, 'no answer to a ping'));
  }

  /** The connection has expired, or its connect took too long. */
  onDeadline(): void {
    if (this.state !== 'connected') {
      this.#connectTimedOut();
      return;
    }
    // Timers use the monotonic clock: if the wall clock was set back, this comes early.
    if ((this.#timeLeftMs() ?? 0) > 0) this.#limitTime();
    else if (!this.admitted?.refreshable) void this.#ports.renewConnection(this);
    else this.close(disconnectCodes.expired, expired('it brought no new token', 'limits.expiredGrace'));
  }

  /** The transport found an error in the peer's data, or the network failed; the connection closes now. */
  connectionFailed(error: Error): void {
    this.#ports.log.info({ client: this.client, user: this.user, reason: error.message }, 'connection failed');
  }

  /** The connection has ended, for whatever reason. Idempotent. */
  connectionClosed(): void {
    this.#end(disconnectCodes.connectionClosed, 'left');
  }

  /** The list of subscribers must not change during a fan-out. */
  closeSoon(disconnect: Disconnect, why: RefusalLine): void {
    this.outbox.flush();
    this.outbox.close();
    this.#ports.clock.afterTurn(() => this.close(disconnect, why));
  }

  /** Sends pending data and the reason, and ends everything. Idempotent. */
  close(disconnect: Disconnect, detail?: string | RefusalLine): void {
    if (this.state === 'closed') return;
    // Its channels may still hold what was published and acknowledged in this turn, or since the last beat.
    for (const subscription of this.subscriptions) subscription.finish();
    this.outbox.flush();
    this.#connection.close(disconnect);
    if (typeof detail === 'object') this.explain(detail, disconnect.code);
    else this.#noteClose(disconnect, detail);
    this.#end(disconnect, 'closed');
  }

  /** False if the rest of the frame must be ignored. */
  #acceptPong(): boolean {
    const { clock, counters } = this.#ports;
    if (this.#pingedAtMs !== 0) {
      counters.pings.of(this.transport).observe((clock.nowMs() - this.#pingedAtMs) / 1_000);
      this.#pingedAtMs = 0;
      return true;
    }
    if (this.#connection.takesStrayPongs === true) return this.#commands.takeControl();
    this.close(disconnectCodes.badRequest, 'pong without a ping');
    return false;
  }

  /** Sets or postpones the connection's expiry. */
  #limitTime(): void {
    const { deadlines } = this.#ports;
    deadlines.remove(this, this.#deadline);
    const leftMs = this.#timeLeftMs();
    if (leftMs !== undefined) this.#deadline = deadlines.add(this, leftMs);
  }

  /** `undefined`: the connection does not expire. */
  #timeLeftMs(): number | undefined {
    const { clock, limits } = this.#ports;
    const { expiresAtMs } = this.admitted?.identity ?? {};
    if (expiresAtMs === undefined) return undefined;
    const leftMs = expiresAtMs - clock.wallMs();
    if (!this.admitted?.refreshable) return leftMs;
    return newTokenTimeMs(leftMs, clock.nowMs() - this.connectedAtMs, limits);
  }

  #connectTimedOut(): void {
    const { connectTimeoutMs } = this.#ports.limits;
    // The connect command has arrived, so the server or the application is slow, and the client may try again.
    const isAnswerLate = this.state === 'connecting';
    const what = isAnswerLate ? 'who decides about it has not answered in time' : 'it has sent no connect in time';
    const line = closedByLimit('connectTimeoutMs', connectTimeoutMs, what);
    if (isAnswerLate) this.close(disconnectCodes.serverError, { ...line, level: 'warn' });
    // A slow network, or a laptop that was asleep: 3502 would keep the client away for good.
    else this.close(disconnectCodes.noPong, line);
  }

  #noteClose(disconnect: Disconnect, detail: string | undefined): void {
    const { code } = disconnect;
    // A shutdown closes all connections, and one line in the log sums that up.
    const isSummedUp = code === disconnectCodes.shutdown.code;
    if (!isSummedUp && this.explain(closedBecause(disconnect, detail), code)) return;
    this.#ports.log.debug({ client: this.client, user: this.user, code }, 'connection closed by the server');
  }

  #end(disconnect: Disconnect, how: 'left' | 'closed'): void {
    if (this.state === 'closed') return;
    const ports = this.#ports;
    const wasConnected = this.state === 'connected';
    this.state = 'closed';
    this.outbox.close();
    this.#commands.end(how);
    this.#pings?.remove(this, this.#pingSlot);
    (wasConnected ? ports.deadlines : ports.connectDeadlines).remove(this, this.#deadline);
    this.subscriptions.endAll();
    Counters.add(ports.counters.disconnectsByCode, disconnect.code);
    if (this.#version !== undefined) ports.clientVersions.left(this.#version);
    ports.sessions.remove(this, wasConnected);
    if (this.seat !== undefined) ports.seats.free(this.seat);
    ports.admission.closed(this.handshake.remoteAddress);
    if (!wasConnected) return;
    const { client, user, transport } = this;
    const connectedMs = ports.clock.nowMs() - this.connectedAtMs;
    ports.recentEvents.ended({ client, user, transport, connectedMs }, disconnect);
    ports.notifier.notify('disconnected', this, disconnect);
  }
}
