/** The state of one room: its messages, its people, who is typing, and the connection to it. */

import { type Channel, type Client, ClientError, type DataOf, type InputOf } from 'fanfare/client';
import type { ChatApp } from '../app.js';
import { historyLimit } from '../limits.js';
import { type ClientInfoLike, readMember, readMessage } from './messages.js';
import { Outbox, type Outgoing, type SendOutcome } from './outbox.js';
import { Roster } from './roster.js';
import type { Status } from './status.js';
import { Timeline } from './timeline.js';
import { type Timers, TypingSignal, Typists } from './typing.js';

type TypedChannel<Name extends string> = Channel<DataOf<ChatApp, Name>, InputOf<ChatApp, Name>>;

/** How long the page shows that it has caught up. */
const goodNewsMs = 6_000;

export interface RoomOptions {
  readonly client: Client<ChatApp>;
  /** Id of the current connection. */
  readonly self: () => string | undefined;
  readonly name: string;
  /** The name that the others see. */
  readonly myName: string;
  readonly timers: Timers;
  /** Called when something on the page has changed. */
  readonly onChange: () => void;
}

export class Room {
  readonly name: string;
  readonly timeline = new Timeline();
  readonly roster = new Roster();
  readonly typists: Typists;
  readonly outbox: Outbox;
  readonly typing: TypingSignal;
  readonly #options: RoomOptions;
  readonly #chat: TypedChannel<`chat:${string}`>;
  readonly #typing: TypedChannel<`typing:${string}`>;
  readonly #stops: (() => void)[];
  #status: Status = { kind: 'connecting' };
  #wasSubscribed = false;
  #hasHistory = false;
  /** Publications that arrive now were missed. */
  #isRecovering = false;
  /** Counts subscribes: an answer to a call of an earlier one is ignored. */
  #round = 0;
  #cancelGoodNews: (() => void) | undefined;

  constructor(options: RoomOptions) {
    const { client, name, myName, timers, onChange } = options;
    this.#options = options;
    this.name = name;
    this.typists = new Typists(timers, onChange);
    this.outbox = new Outbox((message) => this.#send(message), onChange);
    this.typing = new TypingSignal(timers, (typing) => this.#tellTyping(typing));
    this.#chat = client.channel(`chat:${name}` as const, { data: { name: myName }, joinLeave: true });
    this.#typing = client.channel(`typing:${name}` as const, { data: { name: myName }, mayMiss: true });
    this.timeline.awaitHistory();
    this.#stops = [
      client.on('disconnected', ({ reason }) => this.#stopped(reason)),
      this.#chat.on('subscribing', () => this.#lost()),
      this.#chat.on('subscribed', ({ wasRecovering, recovered }) => this.#subscribed(wasRecovering && recovered)),
      this.#chat.on('unsubscribed', ({ reason, error }) => error && this.#stopped(reason)),
      this.#chat.on('message', (message) => this.#received(message)),
      this.#chat.on('join', (info) => this.#joined(info)),
      this.#chat.on('leave', (info) => this.#left(info)),
      this.#typing.on('message', ({ data, info }) => this.#heardTyping(data, info)),
    ];
  }

  get status(): Status {
    return this.#status;
  }

  /** The status has been read out, or the user has read it. */
  dismissStatus(): void {
    if (this.#status.kind === 'gap' || this.#status.kind === 'caught-up') this.#setStatus({ kind: 'online' });
  }

  say(text: string): Outgoing {
    const message: Outgoing = { id: crypto.randomUUID(), text, sentAtMs: Date.now() };
    this.typing.stopped();
    this.outbox.add(message);
    return message;
  }

  /** Resolves when the channels can be opened again under another name. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.typing.stopped();
    this.typists.clear();
    this.outbox.close();
    this.#cancelGoodNews?.();
    this.#round = 0;
    this.#chat.close();
    this.#typing.close();
    // A channel opened again in the same turn would be the old one, with the old name.
    await Promise.resolve();
  }

  #subscribed(recovered: boolean): void {
    const round = ++this.#round;
    this.#wasSubscribed = true;
    void this.#readPresence(round);
    if (recovered && this.#hasHistory) this.#countRecovered(round);
    else void this.#readHistory(round);
  }

  /** Missed publications are delivered in the same turn, right after the `subscribed` event. */
  #countRecovered(round: number): void {
    const before = this.timeline.numAdded;
    this.#isRecovering = true;
    queueMicrotask(() => {
      this.#isRecovering = false;
      if (round !== this.#round) return;
      this.#setStatus({ kind: 'caught-up', numMessages: this.timeline.numAdded - before });
      this.#cancelGoodNews = this.#options.timers.schedule(() => this.dismissStatus(), goodNewsMs);
      this.outbox.open();
    });
  }

  async #readHistory(round: number): Promise<void> {
    // Until it is there: a connection that breaks meanwhile may be recovered, and messages still wait for it.
    this.#hasHistory = false;
    this.timeline.awaitHistory();
    try {
      const { messages, epoch } = await this.#chat.history({ limit: historyLimit, reverse: true });
      if (round !== this.#round) return;
      const { hasGap } = this.timeline.mergeHistory(messages.map(readMessage).reverse(), epoch);
      this.#hasHistory = true;
      for (const { id } of this.outbox.items) if (this.timeline.has(id)) this.outbox.confirmed(id);
      this.#setStatus({ kind: hasGap ? 'gap' : 'online' });
    } catch (error) {
      if (round !== this.#round || isBrokenConnection(error)) return; // the next subscribe reads it again
      this.timeline.giveUpHistory();
      this.#setStatus({ kind: 'gap' });
    }
    this.outbox.open();
  }

  async #readPresence(round: number): Promise<void> {
    this.roster.beginSync();
    try {
      const members = await this.#chat.presence();
      if (round !== this.#round) return;
      this.roster.endSync(members.map(readMember));
      this.#options.onChange();
    } catch (error) {
      if (!isBrokenConnection(error)) console.warn('chat: who is here is not known:', error);
    }
  }

  #lost(): void {
    this.#round++;
    this.outbox.close();
    this.typists.clear();
    this.#setStatus(this.#wasSubscribed ? { kind: 'offline', sinceMs: Date.now() } : { kind: 'connecting' });
  }

  #stopped(reason: string): void {
    this.#round++;
    this.outbox.close();
    this.typists.clear();
    this.#setStatus({ kind: 'stopped', reason });
  }

  #received(publication: Parameters<typeof readMessage>[0]): void {
    const message = readMessage(publication);
    this.timeline.add(message, this.#isRecovering);
    this.typists.stopped(message.author.client);
    if (message.id !== undefined) this.outbox.confirmed(message.id);
    this.#options.onChange();
  }

  #joined(info: ClientInfoLike): void {
    this.roster.join(readMember(info));
    this.#options.onChange();
  }

  #left(info: ClientInfoLike): void {
    this.roster.leave(readMember(info));
    this.typists.stopped(info.client);
    this.#options.onChange();
  }

  #heardTyping(data: { readonly typing: boolean }, info: ClientInfoLike | undefined): void {
    if (info === undefined || info.client === this.#options.self()) return;
    if (data.typing === true) this.typists.started(readMember(info));
    else this.typists.stopped(info.client);
  }

  async #send({ id, text, sentAtMs }: Outgoing): Promise<SendOutcome> {
    try {
      await this.#chat.publish({ id, text, sentAtMs });
      return { kind: 'sent' };
    } catch (error) {
      if (isBrokenConnection(error)) return { kind: 'unknown' };
      return { kind: 'refused', reason: refusalText(error) };
    }
  }

  /** Best effort: nothing important is lost if it does not arrive. */
  #tellTyping(typing: boolean): void {
    if (this.#typing.state !== 'subscribed') return;
    this.#typing.publish({ typing }).catch((error: unknown) => {
      if (!isBrokenConnection(error)) console.warn('chat: typing is not told:', error);
    });
  }

  #setStatus(status: Status): void {
    this.#cancelGoodNews?.();
    this.#status = status;
    this.#options.onChange();
  }
}

function isBrokenConnection(error: unknown): boolean {
  return error instanceof ClientError && ['ERR_CONNECTION', 'ERR_DISCONNECTED', 'ERR_CLOSED'].includes(error.code);
}

function refusalText(error: unknown): string {
  if (!(error instanceof ClientError)) return 'something went wrong';
  switch (error.code) {
    case 'ERR_TIMEOUT':
      return 'the server did not answer';
    case 'ERR_BAD_REQUEST':
      return 'the server does not accept this message';
    case 'ERR_TOO_MANY_REQUESTS':
      return 'too many messages at once';
    case 'ERR_PERMISSION_DENIED':
      return 'you may not write here';
    default:
      return error.message;
  }
}
