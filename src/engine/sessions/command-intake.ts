/** Accepts the commands of one connection: which run now, which wait, which are too many; and answers each. */

import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import { type Disconnect, disconnectCodes, type ErrorReply, errorCodes } from '../../model/codes.js';
import type { Command } from '../../model/command.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ReplyBody } from '../../model/reply.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import { badField, brokerFailed, functionFailed, isBrokerFailure, limitReached } from '../channels/refusal-lines.js';
import type { Rule } from '../channels/rule.js';
import type { Outbox } from '../fanout/outbox.js';
import { isTooLarge, sizeOf } from '../fanout/reply-room.js';
import type { RefusalLog } from '../log/refusal-log.js';
import type { Clock } from '../ports/clock.js';
import { Counters } from '../ports/counters.js';
import type { Denied } from '../ports/decision.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Logger } from '../ports/logger.js';
import { closedByLimit } from './close-lines.js';
import { CommandIds } from './command-ids.js';
import { CommandOrder, channelOf, type Line } from './command-order.js';
import { type Excess, type RatePlan, Rates } from './rates.js';

/** Replies up to this size are not measured. */
const smallReplyBytes = 16_384;

/** `undefined`: there is no reply, or it is already sent. An exception is the server's fault, never the client's. */
export type CommandAnswer = ReplyBody | Denied | undefined;

type CommandHandler<Session, Kind extends Command = Command> = (
  session: Session,
  command: Kind,
) => CommandAnswer | Promise<CommandAnswer>;

type Answerable = Command & { readonly id: number };

/** The function that runs each command. */
export type CommandHandlers<Session> = {
  readonly [Kind in Command['kind']]: CommandHandler<Session, Extract<Command, { kind: Kind }>>;
};

/** What checks and runs commands. Limits and rates may change later. */
export interface IntakePorts<Session> {
  readonly clock: Clock;
  readonly log: Logger;
  readonly refusals: RefusalLog;
  readonly limits: EngineLimits;
  readonly counters: Counters;
  readonly connectionRates: RatePlan;
  readonly commands: CommandHandlers<Session>;
  match(channel: ChannelName): Rule | undefined;
}

/**
 * `new`: no command yet. `connecting`: authentication is under way, further commands wait. `refused`: the connect was
 * refused, and the client should disconnect.
 */
export type SessionState = 'new' | 'connecting' | 'connected' | 'refused' | 'closed';

/** The session to which the commands belong. */
interface CommandedSession {
  readonly state: SessionState;
  readonly client: string;
  readonly user: string;
  readonly outbox: Outbox;
  /** Called with the first command. */
  begin(): void;
  encodeReply(id: number, body: ReplyBody): EncodedMessage;
  explain(why: RefusalLine, code?: number): boolean;
  /** Writes what the channel has gathered, so that an answer about the channel does not overtake it. */
  settle(channel: string): void;
  close(disconnect: Disconnect, detail?: string | RefusalLine): void;
}

export class CommandIntake<Session extends CommandedSession> {
  readonly #session: Session;
  readonly #ports: IntakePorts<Session>;
  #rates: Rates;
  /** Shared with the user's other connections. */
  #userRates: Rates | undefined;
  #waiting: Command[] | undefined;
  #pending = 0;
  /** Called when nothing is pending any more. */
  #onIdle: (() => void)[] | undefined;
  readonly #order = new CommandOrder();
  readonly #ids = new CommandIds();
  /** `left`: the client or its network has gone, and its earlier publications still count. */
  #ended: 'left' | 'closed' | undefined;
  /** Limits that already have a line in the log. */
  #toldLimits: Set<string | undefined> | undefined;

  constructor(session: Session, ports: IntakePorts<Session>) {
    this.#session = session;
    this.#ports = ports;
    this.#rates = new Rates(ports.connectionRates);
  }

  /** False if the rest of the frame must be ignored. */
  accept(command: Command): boolean {
    const session = this.#session;
    const { state } = session;
    if ('id' in command && !this.#ids.take(command.id)) return this.#refuse('repeated command id');
    if (state === 'new') {
      if (command.kind === 'invalid' && command.method === 'connect') return this.#refuse(badField(command));
      if (command.kind !== 'connect') return this.#refuse('command before connect');
      session.begin();
    } else {
      if (command.kind === 'connect') return this.#refuse('second connect');
      if (state === 'refused') return this.#refuse('command after a refused connect');
      const nowMs = this.#ports.clock.nowMs();
      const over = this.#rates.take(command.kind, nowMs) ?? this.#userRates?.take(command.kind, nowMs);
      if (over !== undefined || this.#pending >= this.#ports.limits.maxPendingCommands) {
        if (over?.isFlood) return this.#closeAsFlood(over);
        if (this.#refuseAsTooMany(command, over)) return true;
      }
      if (state === 'connecting') return this.#keep(command);
    }
    this.#run(command);
    return session.state !== 'closed';
  }

  /** Counts a control frame of the transport. False if that has closed the connection. */
  takeControl(): boolean {
    const over = this.#rates.takeControl(this.#ports.clock.nowMs());
    return over?.isFlood ? this.#closeAsFlood(over) : true;
  }

  /** The client is authenticated: runs the waiting commands. */
  connected(userRates: Rates | undefined): void {
    this.#userRates = userRates;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const command of waiting) this.#run(command);
  }

  /** Applies changed rates, with full buckets. */
  ratesChanged(userRates: Rates | undefined): void {
    this.#rates = new Rates(this.#ports.connectionRates);
    this.#userRates = userRates;
  }

  /** Resolves when no command is in progress, or the outcome of none counts any more. */
  async whenIdle(): Promise<void> {
    if (this.#pending === 0 || this.#ended === 'closed') return;
    await new Promise<void>((resolve) => {
      this.#onIdle ??= [];
      this.#onIdle.push(resolve);
    });
  }

  /** Whether the last command about the channel is an unsubscribe. */
  isLeaving(channel: string): boolean {
    return this.#order.isLeaving(channel);
  }

  end(how: 'left' | 'closed'): void {
    this.#ended = how;
    this.#waiting = undefined;
    if (this.#onIdle !== undefined && how === 'closed') this.#becameIdle(this.#onIdle);
  }

  #refuse(detail: string | RefusalLine): false {
    this.#session.close(disconnectCodes.badRequest, detail);
    return false;
  }

  #closeAsFlood({ limit }: Excess): false {
    this.#session.close(disconnectCodes.tooManyRequests, limitReached(limit.name, limit.perSec));
    return false;
  }

  /** False: the command may run. An unsubscribe costs nothing, and SDKs reconnect if it is refused. */
  #refuseAsTooMany(command: Command, over: Excess | undefined): boolean {
    const { maxPendingCommands: most } = this.#ports.limits;
    if (command.kind === 'unsubscribe' && this.#pending < most * 2) return false;
    const why =
      over === undefined ? limitReached('maxPendingCommands', most) : limitReached(over.limit.name, over.limit.perSec);
    if ('id' in command) this.#replyError(command, errorCodes.tooManyRequests, why);
    return true;
  }

  /** Keeps a command until the client is authenticated. */
  #keep(command: Command): boolean {
    const { maxPendingCommands } = this.#ports.limits;
    this.#waiting ??= [];
    this.#waiting.push(command);
    if (this.#waiting.length <= maxPendingCommands) return true;
    return this.#refuse(closedByLimit('maxPendingCommands', maxPendingCommands, 'too many commands before connected'));
  }

  /** Starts a command; its reply is sent when it is ready. */
  #run(command: Command): void {
    Counters.add(this.#ports.counters.commandsByKind, command.kind);
    this.#pending++;
    const channel = channelOf(command);
    if (channel === undefined) void this.#execute(command);
    else {
      const line = this.#order.enter(channel, command.kind);
      line.done = this.#execute(command, line);
    }
  }

  /** Resolves when the command is done, whatever its outcome. */
  async #execute(command: Command, line?: Line): Promise<void> {
    try {
      if (line?.before !== undefined) await line.before;
      if (this.#ended !== undefined && !(this.#ended === 'left' && command.kind === 'publish')) return;
      const run = this.#ports.commands[command.kind] as CommandHandler<Session>; // safe: looked up by the command's kind
      const body = await run(this.#session, command);
      if (body !== undefined && 'id' in command) this.#answer(command, body);
    } catch (error) {
      this.#commandFailed(command, error);
    } finally {
      this.#pending--;
      if (line !== undefined) this.#order.leave(line);
      if (this.#onIdle !== undefined && this.#pending === 0) this.#becameIdle(this.#onIdle);
    }
  }

  #becameIdle(waiting: readonly (() => void)[]): void {
    this.#onIdle = undefined;
    for (const resolve of waiting) resolve();
  }

  /** A reply too large for an empty queue is refused with 106; otherwise its client could ask for it forever. */
  #answer(command: Answerable, body: ReplyBody | Denied): void {
    const session = this.#session;
    if (session.state === 'closed') return;
    if ('ok' in body) {
      if ('disconnect' in body) session.close(body.disconnect, body.why);
      else this.#replyError(command, body.error, body.why);
      return;
    }
    this.#settle(command);
    const message = session.encodeReply(command.id, body);
    if (message.length <= smallReplyBytes || !isTooLarge(this.#ports.limits, sizeOf([message]))) {
      session.outbox.send(message);
      return;
    }
    const why = limitReached('maxQueueBytes', this.#ports.limits.maxQueueBytes);
    const fields = { ...why.fields, command: command.kind };
    const line = { ...why, fields, message: 'reply refused: it is larger than limits.maxQueueBytes' };
    this.#replyError(command, errorCodes.limitExceeded, line);
  }

  #settle(command: Command): void {
    const channel = channelOf(command);
    if (channel !== undefined) this.#session.settle(channel);
  }

  #replyError(command: Answerable, error: ErrorReply, why?: string | RefusalLine): void {
    const session = this.#session;
    if (session.state === 'closed') return;
    this.#noteRefusal(command, error, why);
    this.#settle(command);
    session.outbox.send(session.encodeReply(command.id, { kind: 'error', error, why }));
  }

  #noteRefusal(command: Command, { code }: ErrorReply, why: string | RefusalLine | undefined): void {
    const { counters, log } = this.#ports;
    const { client, user } = this.#session;
    Counters.add(counters.errorsByCode, code);
    Counters.add((this.#ruleOf(command)?.counts ?? counters.noRule).errorsByCode, code);
    if (typeof why === 'object') {
      if (code === errorCodes.tooManyRequests.code) {
        // One line per limit: these refusals come in floods.
        if (this.#toldLimits?.has(why.key)) return;
        this.#toldLimits ??= new Set();
        this.#toldLimits.add(why.key);
      }
      if (!this.#session.explain(why, code)) log.debug({ client, user, code }, 'command refused');
      return;
    }
    // The cause has been logged where it occurred.
    if (code === errorCodes.internal.code) return;
    log.debug({ client, user, code, ...(why && { why }) }, 'command refused');
  }

  #ruleOf(command: Command): Rule | undefined {
    const channel = parseChannelName(channelOf(command) ?? '');
    return channel && this.#ports.match(channel);
  }

  /** A bug or a broker failure: expected refusals are replies, not exceptions. */
  #commandFailed(command: Command, error: unknown): void {
    const { client, user } = this.#session;
    const { code } = errorCodes.internal;
    if (isBrokerFailure(error)) {
      this.#ports.refusals.tell(brokerFailed(command.kind, error, { code, client, user }));
    } else this.#session.explain(functionFailed(command.kind, error), code);
    // The application's result cannot be encoded: asking again would not help.
    const isUnsendable = error instanceof FanfareError && error.code === 'ERR_MESSAGE_INVALID';
    if (command.kind === 'connect') this.#session.close(disconnectCodes.serverError);
    else if ('id' in command) {
      this.#replyError(command, isUnsendable ? errorCodes.badRequest : errorCodes.internal);
    }
  }
}
