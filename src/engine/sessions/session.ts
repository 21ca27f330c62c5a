/** One client's connection as the engine sees it: its state, its subscriptions, and what it may do when. */

import type { ChannelName } from '../../model/channel-name.js';
import {
  type Disconnect,
  disconnectCodes,
  type ErrorReply,
  errorCodes,
  type Unsubscribe,
  unsubscribeCodes,
} from '../../model/codes.js';
import type { Command } from '../../model/command.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { parsedValue } from '../../model/json-source.js';
import type { ClientInfo } from '../../model/publication.js';
import type { Push } from '../../model/push.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ReplyBody } from '../../model/reply.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import { type JsonBehind, jsonBehind } from '../channels/json-behind.js';
import type { Asker } from '../channels/permissions.js';
import { badField, brokerFailed, functionFailed, isBrokerFailure, limitReached } from '../channels/refusal-lines.js';
import type { Hub } from '../fanout/hub.js';
import { Outbox, type OutboxOwner, type OutboxPorts } from '../fanout/outbox.js';
import type { Presence } from '../fanout/presence.js';
import { isTooLarge, sizeOf } from '../fanout/reply-room.js';
import type { PingFrames } from '../fanout/shared-frame.js';
import type { Subscription, SubscriptionOwner } from '../fanout/subscription.js';
import { clientLinesAMinute, type RefusalLog } from '../log/refusal-log.js';
import type { Capability } from '../names/capabilities.js';
import type { Identity } from '../ports/authenticator.js';
import type { Clock, Random } from '../ports/clock.js';
import type { Connection, Handshake } from '../ports/connection.js';
import { Counters } from '../ports/counters.js';
import type { Denied } from '../ports/decision.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Logger } from '../ports/logger.js';
import type { Notifier } from '../ports/observer.js';
import type { Deadlines, Expiring } from '../time/deadlines.js';
import type { Pinged, PingWheel } from '../time/ping-wheel.js';
import { closedBecause, closedByLimit, expired, stateLost } from './close-lines.js';
import { CommandIds } from './command-ids.js';
import { CommandOrder, channelOf } from './command-order.js';
import { forgotten } from './forgotten-handshake.js';
import { type Excess, type RatePlan, Rates } from './rates.js';
import { SubscriptionSet } from './subscription-set.js';

/** Replies up to this size are not measured. */
const smallReplyBytes = 16_384;

/** `undefined`: there is no reply, or it has been sent already. What is thrown is a fault of ours, never the client's. */
export type CommandAnswer = ReplyBody | Denied | undefined;

type CommandHandler<Kind extends Command = Command> = (
  session: Session,
  command: Kind,
) => CommandAnswer | Promise<CommandAnswer>;

/** What does each command. */
export type CommandHandlers = { readonly [Kind in Command['kind']]: CommandHandler<Extract<Command, { kind: Kind }>> };

/** What sessions are given to work with: one object for all. Limits, rates and pings may be others while they live. */
export interface SessionPorts extends OutboxPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly refusals: RefusalLog;
  readonly limits: EngineLimits;
  readonly notifier: Notifier;
  readonly hub: Hub;
  readonly presence: Presence;
  readonly deadlines: Deadlines;
  /** Of connections that have not been let in yet. */
  readonly connectDeadlines: Deadlines;
  /** Of connections to come; others may be on an older one. */
  readonly pings: PingWheel;
  readonly pingFrames: PingFrames;
  readonly connectionRates: RatePlan;
  /** Somebody may ask for the headers of a connection later on. */
  readonly keepsHandshakes: boolean;
  readonly sessions: {
    /** Returns the rates that it shares with the user's other connections. */
    connected(session: Session): Rates | undefined;
    ratesOf(user: string): Rates | undefined;
    remove(session: Session, wasConnected: boolean): void;
  };
  readonly seats: { free(user: string): void };
  readonly admission: { closed(address: string): void };
  readonly commands: CommandHandlers;
  /** A connection has expired whose client brings no tokens. */
  renewConnection(session: Session): Promise<void>;
  /** A subscription has expired whose client brings no tokens, under a rule that says who is asked. */
  renewSubscription(session: Session, subscription: Subscription): Promise<void>;
  /** The rule of its channel is another one than that under which it was granted. */
  settleRuleChange(session: Session, subscription: Subscription): void;
}

/**
 * `new`: no command yet. `connecting`: being authenticated, further commands wait. `refused`: told that it may not
 * connect; it is expected to leave.
 */
export type SessionState = 'new' | 'connecting' | 'connected' | 'refused' | 'closed';

export class Session implements OutboxOwner, SubscriptionOwner, Pinged, Expiring, Asker {
  readonly #ports: SessionPorts;
  /** Once connected, without its headers and address where nobody will ask for them. */
  handshake: Handshake;
  readonly outbox: Outbox;
  readonly #connection: Connection;
  #rates: Rates;
  /** Shared with the user's other connections. */
  #userRates: Rates | undefined;
  /** Id of this connection, unguessable. */
  readonly client: string;
  state: SessionState = 'new';
  clientInfo: ClientInfo;
  identity: Identity | undefined;
  /** Unix time in milliseconds. */
  expiresAtMs: number | undefined;
  /** The client itself brings new tokens before the connection expires. */
  refreshable = false;
  /** The user among whose connections it counts, over all nodes. */
  seat: string | undefined;
  readonly subscriptions = new SubscriptionSet();
  /** By the monotonic clock. */
  connectedAtMs = Number.POSITIVE_INFINITY;
  #waiting: Command[] | undefined;
  #pending = 0;
  readonly #order = new CommandOrder((command, channel, before) => this.#execute(command, channel, before));
  readonly #ids = new CommandIds();
  /** Its client has gone, or the network: what it has published before still counts. */
  #leftByItself = false;
  #awaitsPong = false;
  /** The limits that there was a line about. */
  #toldLimits: Set<string | undefined> | undefined;
  /** The one whose pings its client was told of. */
  #pings: PingWheel | undefined;
  #pingSlot = -1;
  #deadline: number;

  constructor(ports: SessionPorts, connection: Connection, handshake: Handshake) {
    this.#ports = ports;
    this.#connection = connection;
    this.handshake = handshake;
    this.client = ports.random.id();
    this.clientInfo = { user: '', client: this.client };
    this.outbox = new Outbox(connection, this, ports);
    this.#rates = new Rates(ports.connectionRates);
    this.#deadline = ports.connectDeadlines.add(this, ports.limits.connectTimeoutMs);
  }

  /** Empty for an anonymous connection. */
  get user(): string {
    return this.clientInfo.user;
  }

  get meta(): unknown {
    return parsedValue(this.identity?.meta);
  }

  get [jsonBehind](): JsonBehind {
    return { meta: this.identity?.meta };
  }

  get capabilities(): readonly Capability[] {
    return this.identity?.capabilities ?? [];
  }

  get transport(): string {
    return this.#connection.transport;
  }

  /** Entries are renewed with its pings, which may come more rarely than those of newer connections. */
  get presenceTtlMs(): number {
    const { limits, pings } = this.#ports;
    const wheel = this.#pings ?? pings;
    return wheel === pings ? limits.presenceTtlMs : Math.max(limits.presenceTtlMs, wheel.intervalMs * 2);
  }

  isSubscribed(channel: ChannelName): boolean {
    return this.subscriptions.get(channel)?.isEstablished === true;
  }

  currentSubscription(channel: ChannelName): Subscription | undefined {
    return this.subscriptions.get(channel);
  }

  /** Whether it may have one channel more. Those that it is about to leave do not count. */
  get hasRoom(): boolean {
    const most = this.#ports.limits.maxChannelsPerConnection;
    if (this.subscriptions.size < most) return true;
    let staying = 0;
    for (const { channel } of this.subscriptions) if (!this.#order.isLeaving(channel)) staying++;
    return staying < most;
  }

  /** Asked after an `await`, when the state may be another one. */
  is(state: SessionState): boolean {
    return this.state === state;
  }

  /** Of one frame from its client, for transports that find a larger one. */
  get maxFrameBytes(): number {
    return this.#ports.limits.maxFrameBytes;
  }

  /** A frame has come from the transport. */
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
      if (!this.#accept(command)) return;
    }
  }

  /** The transport has seen a control frame of its own, a WebSocket ping for instance: floods of those count too. */
  receiveControl(): void {
    if (this.state === 'closed') return;
    const over = this.#rates.takeControl(this.#ports.clock.nowMs());
    if (over?.isFlood) this.close(disconnectCodes.tooManyRequests, limitReached(over.limit.name, over.limit.perSec));
  }

  /** The transport has found a fault in what the peer sent, or the network failed; the connection closes now. */
  connectionFailed(error: Error): void {
    this.#ports.log.info({ client: this.client, user: this.user, reason: error.message }, 'connection failed');
  }

  /** The connection is gone, for whatever reason. Idempotent. */
  connectionClosed(): void {
    if (this.state !== 'closed') this.#leftByItself = true;
    this.#end(disconnectCodes.connectionClosed);
  }

  /** Sends what is still to be sent, tells the client why, and ends everything. Idempotent. */
  close(disconnect: Disconnect, detail?: string | RefusalLine): void {
    if (this.state === 'closed') return;
    // Its channels may still hold what was published, and acknowledged, in this turn.
    if (this.subscriptions.size > 0) this.#ports.turn.flush();
    this.outbox.flush();
    this.#connection.close(disconnect);
    if (typeof detail === 'object') this.explain(detail, disconnect.code);
    else this.#noteClose(disconnect, detail);
    this.#end(disconnect);
  }

  #noteClose(disconnect: Disconnect, detail: string | undefined): void {
    const { code } = disconnect;
    // All of them are told at a shutdown, which is summed up in one line.
    const isSummedUp = code === disconnectCodes.shutdown.code;
    if (!isSummedUp && this.explain(closedBecause(disconnect, detail), code)) return;
    this.#ports.log.debug({ client: this.client, user: this.user, code }, 'connection closed by the server');
  }

  /** Tells the log why this client was refused, or what is odd about it, as long as it does not come in floods. */
  explain(why: RefusalLine, code?: number): boolean {
    const { client, user, handshake } = this;
    const fields = { client, user, peer: handshake.remoteAddress, ...(code !== undefined && { code }), ...why.fields };
    return this.#ports.refusals.tell({ ...why, fields }, clientLinesAMinute);
  }

  reply(id: number, body: ReplyBody): void {
    if (this.state === 'closed') return;
    if (body.kind === 'error') this.#noteRefusal(body.error, body.why);
    this.outbox.send(this.encodeReply(id, body));
  }

  encodeReply(id: number, body: ReplyBody): EncodedMessage {
    return this.#connection.encoding.protocol.encodeReply(id, body);
  }

  encodePush(push: Push): EncodedMessage {
    return this.#connection.encoding.protocol.encodePush(push);
  }

  /** Replies to a command. What would not fit into an empty queue is refused with 106: its client could ask for it for ever. */
  #answer(command: Command & { readonly id: number }, body: ReplyBody | Denied): void {
    if (this.state === 'closed') return;
    if ('ok' in body) {
      if ('disconnect' in body) this.close(body.disconnect, body.why);
      else this.reply(command.id, { kind: 'error', error: body.error, why: body.why });
      return;
    }
    const message = this.encodeReply(command.id, body);
    if (message.length <= smallReplyBytes || !isTooLarge(this.#ports.limits, sizeOf([message]))) {
      this.outbox.send(message);
      return;
    }
    const why = limitReached('maxQueueBytes', this.#ports.limits.maxQueueBytes);
    const fields = { ...why.fields, command: command.kind };
    const line = { ...why, fields, message: 'reply refused: it is larger than limits.maxQueueBytes' };
    this.reply(command.id, { kind: 'error', error: errorCodes.limitExceeded, why: line });
  }

  #noteRefusal({ code }: ErrorReply, why: string | RefusalLine | undefined): void {
    const { counters, log } = this.#ports;
    Counters.add(counters.errorsByCode, code);
    if (typeof why === 'object') {
      if (code === errorCodes.tooManyRequests.code) {
        // Comes in floods, which must not become floods of lines.
        if (this.#toldLimits?.has(why.key)) return;
        this.#toldLimits ??= new Set();
        this.#toldLimits.add(why.key);
      }
      if (!this.explain(why, code)) log.debug({ client: this.client, user: this.user, code }, 'command refused');
      return;
    }
    // Has a line that says why, where it happened.
    if (code === errorCodes.internal.code) return;
    log.debug({ client: this.client, user: this.user, code, ...(why && { why }) }, 'command refused');
  }

  push(push: Push): void {
    if (this.state !== 'closed') this.outbox.send(this.encodePush(push));
  }

  /** Authentication has let the client in: what waited for it runs now. */
  connected(): void {
    const ports = this.#ports;
    this.state = 'connected';
    this.connectedAtMs = ports.clock.nowMs();
    if (!ports.keepsHandshakes) this.handshake = forgotten(this.handshake, ports.limits);
    this.#userRates = ports.sessions.connected(this);
    ports.notifier.notify('connected', this);
    this.#pings = ports.pings;
    this.#pingSlot = ports.pings.add(this);
    ports.connectDeadlines.remove(this, this.#deadline);
    this.renewExpiry(this.expiresAtMs);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const command of waiting) this.#run(command);
  }

  /** Sets or puts off the connection's end. */
  renewExpiry(expiresAtMs: number | undefined): void {
    const ports = this.#ports;
    this.expiresAtMs = expiresAtMs;
    ports.deadlines.remove(this, this.#deadline);
    if (expiresAtMs === undefined) return;
    const graceMs = this.refreshable ? ports.limits.expiredGraceMs : 0;
    this.#deadline = ports.deadlines.add(this, expiresAtMs - ports.clock.wallMs() + graceMs);
  }

  /** Ends a subscription and tells the client, unless the client asked for it itself. */
  unsubscribe(subscription: Subscription, unsubscribe: Unsubscribe): void {
    if (this.subscriptions.get(subscription.channel) !== subscription) return;
    const isByClient = unsubscribe.code < unsubscribeCodes.server.code;
    const wasTold = subscription.isEstablished || subscription.replaces?.isEstablished === true;
    this.subscriptions.delete(subscription);
    if (isByClient) this.putBack(subscription);
    this.#endSubscription(subscription, unsubscribe);
    if (isByClient || !wasTold) return;
    Counters.add(this.#ports.counters.unsubscribesByCode, unsubscribe.code);
    this.push({ kind: 'unsubscribe', channel: subscription.channel, unsubscribe });
  }

  /** What would have taken the place of the server's own subscription is not to be: that one goes on. */
  putBack(subscription: Subscription): void {
    const { replaces } = subscription;
    if (replaces === undefined) return;
    subscription.replaces = undefined;
    this.subscriptions.delete(subscription);
    if (replaces.endedBy === undefined && replaces.stage !== 'ended') this.subscriptions.add(replaces);
  }

  loseState(subscription: Subscription): void {
    // A client recovers its own subscriptions one by one; server-side ones only with the whole connection.
    if (subscription.serverSide) this.#closeSoon(disconnectCodes.insufficientState, stateLost(subscription));
    else this.unsubscribe(subscription, unsubscribeCodes.insufficientState);
  }

  /** Sets or puts off a subscription's end. */
  renewSubscription(subscription: Subscription): void {
    const ports = this.#ports;
    if (subscription.deadline !== undefined) ports.deadlines.remove(subscription, subscription.deadline);
    subscription.deadline = undefined;
    const { expiresAtMs, clientRefresh } = subscription;
    if (expiresAtMs === undefined) return;
    const graceMs = clientRefresh ? ports.limits.expiredGraceMs : 0;
    subscription.deadline = ports.deadlines.add(subscription, expiresAtMs + graceMs - ports.clock.wallMs());
  }

  subscriptionExpired(subscription: Subscription): void {
    if (subscription.serverSide) {
      this.close(disconnectCodes.subscriptionExpired, expired('a subscription of its token or of auth', 'auth'));
    } else if (subscription.rule.renew !== undefined && !subscription.clientRefresh) {
      void this.#ports.renewSubscription(this, subscription);
    } else this.unsubscribe(subscription, unsubscribeCodes.expired);
  }

  /** Others are in force; it begins with full buckets. */
  ratesChanged(): void {
    this.#rates = new Rates(this.#ports.connectionRates);
    if (this.state === 'connected') this.#userRates = this.#ports.sessions.ratesOf(this.user);
  }

  ruleChanged(subscription: Subscription): void {
    this.#ports.settleRuleChange(this, subscription);
  }

  onSlow(): void {
    this.#closeSoon(
      disconnectCodes.slow,
      closedByLimit('maxQueueBytes', this.#ports.limits.maxQueueBytes, 'it reads more slowly than it is sent'),
    );
  }

  onPingDue(): void {
    if (this.state !== 'connected') return;
    this.#awaitsPong = true;
    this.outbox.writeShared(this.#ports.pingFrames.bytesFor(this.#connection.encoding));
    for (const subscription of this.subscriptions) {
      if (subscription.isEstablished) this.#ports.presence.renew(subscription);
    }
  }

  onPongDue(): void {
    if (!this.#awaitsPong) return;
    this.close(
      disconnectCodes.noPong,
      closedByLimit('pongTimeoutMs', this.#ports.limits.pongTimeoutMs, 'no answer to a ping'),
    );
  }

  /** The connection has expired, or has taken too long to connect. */
  onDeadline(): void {
    if (this.state !== 'connected') {
      // Its command has come: it is the server, or who it asks, that is slow, and the client may try again.
      const { connectTimeoutMs } = this.#ports.limits;
      const isAnswerLate = this.state === 'connecting';
      const what = isAnswerLate ? 'who decides about it has not answered in time' : 'it has sent no connect in time';
      const line = closedByLimit('connectTimeoutMs', connectTimeoutMs, what);
      if (isAnswerLate) this.close(disconnectCodes.serverError, { ...line, level: 'warn' });
      // A slow line, or a laptop that slept: 3502 would keep it away for good.
      else this.close(disconnectCodes.noPong, line);
      return;
    }
    const { clock, limits } = this.#ports;
    const graceMs = this.refreshable ? limits.expiredGraceMs : 0;
    // Timers run on the monotonic clock; a wall clock that was set back makes this come early.
    if (this.expiresAtMs !== undefined && this.expiresAtMs + graceMs > clock.wallMs()) {
      this.renewExpiry(this.expiresAtMs);
    } else if (this.refreshable) {
      this.close(disconnectCodes.expired, expired('it brought no new token', 'limits.expiredGrace'));
    } else void this.#ports.renewConnection(this);
  }

  /** False when the rest of the frame is not to be looked at. */
  #accept(command: Command): boolean {
    if (command.kind === 'pong') return this.#acceptPong();
    if ('id' in command && !this.#ids.take(command.id)) return this.#refuse('repeated command id');
    if (this.state === 'new') {
      if (command.kind === 'invalid' && command.method === 'connect') return this.#refuse(badField(command));
      if (command.kind !== 'connect') return this.#refuse('command before connect');
      this.state = 'connecting';
      this.#run(command);
      return !this.is('closed');
    }
    if (command.kind === 'connect') return this.#refuse('second connect');
    if (this.state === 'refused') return this.#refuse('command after a refused connect');
    return this.#acceptWithinBudget(command);
  }

  #acceptWithinBudget(command: Command): boolean {
    const over = this.#takeBudget(command);
    if (over?.isFlood) {
      this.close(disconnectCodes.tooManyRequests, limitReached(over.limit.name, over.limit.perSec));
      return false;
    }
    const { maxPendingCommands } = this.#ports.limits;
    if (this.#isRefused(command, over !== undefined)) {
      const why =
        over === undefined
          ? limitReached('maxPendingCommands', maxPendingCommands)
          : limitReached(over.limit.name, over.limit.perSec);
      if ('id' in command) this.reply(command.id, { kind: 'error', error: errorCodes.tooManyRequests, why });
      return true;
    }
    if (this.state === 'connecting') {
      this.#waiting ??= [];
      this.#waiting.push(command);
      if (this.#waiting.length <= maxPendingCommands) return true;
      return this.#refuse(
        closedByLimit('maxPendingCommands', maxPendingCommands, 'too many commands before connected'),
      );
    }
    this.#run(command);
    return !this.is('closed');
  }

  /** To leave a channel costs nothing, and SDKs give the whole connection up when they may not. */
  #isRefused({ kind }: Command, isOver: boolean): boolean {
    const { maxPendingCommands } = this.#ports.limits;
    if (kind === 'unsubscribe') return this.#pending >= maxPendingCommands * 2;
    return isOver || this.#pending >= maxPendingCommands;
  }

  #acceptPong(): boolean {
    if (!this.#awaitsPong) {
      if (this.#connection.takesStrayPongs !== true) return this.#refuse('pong without a ping');
      this.receiveControl();
      return !this.is('closed');
    }
    this.#awaitsPong = false;
    return true;
  }

  #refuse(detail: string | RefusalLine): false {
    this.close(disconnectCodes.badRequest, detail);
    return false;
  }

  #takeBudget(command: Command): Excess | undefined {
    const nowMs = this.#ports.clock.nowMs();
    const own = this.#rates.take(command.kind, nowMs);
    if (own !== undefined || this.#userRates === undefined) return own;
    const others = this.#userRates.take(command.kind, nowMs);
    // One connection is not closed for what the others of its user do.
    return others && { ...others, isFlood: false };
  }

  /** Starts a command; its reply goes out when it is there. */
  #run(command: Command): void {
    this.#ports.counters.commands++;
    this.#pending++;
    const channel = channelOf(command);
    if (channel === undefined) void this.#execute(command, undefined, undefined);
    else this.#order.start(command, channel);
  }

  /** Resolves when it is done, whatever came of it. */
  async #execute(command: Command, channel: string | undefined, before: Promise<void> | undefined): Promise<void> {
    try {
      if (before !== undefined) await before;
      if (this.state === 'closed' && !(command.kind === 'publish' && this.#leftByItself)) return;
      const run = this.#ports.commands[command.kind] as CommandHandler; // safe: that of its kind
      const body = await run(this, command);
      if (body !== undefined && 'id' in command) this.#answer(command, body);
    } catch (error) {
      this.#commandFailed(command, error);
    } finally {
      this.#pending--;
      if (channel !== undefined) this.#order.finish(channel);
    }
  }

  /** Broken code or a broken broker: an expected refusal is a reply and not an exception. */
  #commandFailed(command: Command, error: unknown): void {
    const fields = { code: errorCodes.internal.code, client: this.client, user: this.user };
    if (isBrokerFailure(error)) this.#ports.refusals.tell(brokerFailed(command.kind, error, fields));
    else this.explain(functionFailed(command.kind, error), errorCodes.internal.code);
    // What the application's functions answer may be nothing that can be sent: asking again would not help.
    const isUnsendable = error instanceof FanfareError && error.code === 'ERR_MESSAGE_INVALID';
    const reply: ErrorReply = isUnsendable ? errorCodes.badRequest : errorCodes.internal;
    if (command.kind === 'connect') this.close(disconnectCodes.serverError);
    else if ('id' in command) this.reply(command.id, { kind: 'error', error: reply });
  }

  /** In the middle of a fan-out the list of subscribers must not change under it. */
  #closeSoon(disconnect: Disconnect, why: RefusalLine): void {
    this.outbox.close();
    this.#ports.clock.afterTurn(() => this.close(disconnect, why));
  }

  #endSubscription(subscription: Subscription, why: Unsubscribe): void {
    const wasEstablished = subscription.isEstablished;
    subscription.endedBy = why;
    if (subscription.deadline !== undefined) this.#ports.deadlines.remove(subscription, subscription.deadline);
    this.#ports.hub.leave(subscription);
    if (subscription.replaces !== undefined) this.#endSubscription(subscription.replaces, why);
    if (!wasEstablished) return;
    this.#ports.presence.left(subscription);
    this.#ports.notifier.notify('unsubscribed', this, subscription.channel, why);
  }

  #end(disconnect: Disconnect): void {
    if (this.state === 'closed') return;
    const ports = this.#ports;
    const wasConnected = this.state === 'connected';
    this.state = 'closed';
    this.outbox.close();
    this.#waiting = undefined;
    this.#pings?.remove(this, this.#pingSlot);
    (wasConnected ? ports.deadlines : ports.connectDeadlines).remove(this, this.#deadline);
    for (const subscription of this.subscriptions) {
      this.#endSubscription(subscription, unsubscribeCodes.disconnect);
    }
    this.subscriptions.clear();
    Counters.add(ports.counters.disconnectsByCode, disconnect.code);
    ports.sessions.remove(this, wasConnected);
    if (this.seat !== undefined) ports.seats.free(this.seat);
    ports.admission.closed(this.handshake.remoteAddress);
    if (wasConnected) ports.notifier.notify('disconnected', this, disconnect);
  }
}
