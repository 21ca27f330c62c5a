/**
 * One connection of a load: connects, subscribes, answers pings, checks what it gets, publishes if it is told to, and
 * comes back when it has lost its connection.
 */

import { errorCodes, reconnects } from '../../model/codes.js';
import type { Assigned } from './assignment.js';
import { nowUs } from './clock.js';
import { scanFrame } from './frame-scan.js';
import type { Link } from './link.js';
import { markIn, markOf } from './mark.js';
import { MessageReader, type SubscribeReply } from './messages.js';
import { SequenceCheck } from './sequence-check.js';
import type { World } from './world.js';

type Phase =
  /** Not connected, and an attempt may be due. */
  | 'away'
  | 'connecting'
  | 'subscribing'
  | 'ready'
  /** Refused for good, or closed by us. */
  | 'over';

interface Subscription {
  readonly channel: number;
  readonly check: SequenceCheck;
  epoch: string;
  offset: number;
  isRecoverable: boolean;
}

/** Where one of its publications has got. */
export type OnPublished = (outcome: 'accepted' | number | 'unknown') => void;

const firstBackoffMs = 500;
const longestBackoffMs = 10_000;

export class LoadClient {
  readonly assigned: Assigned;
  readonly #world: World;
  readonly #messages: MessageReader;
  #phase: Phase = 'away';
  #link: Link | undefined;
  #subscriptions: readonly Subscription[] = [];
  #unanswered = 0;
  #nextId = 1;
  /** When the frame was read that is looked at. */
  #readUs = 0;
  /** When the attempt under way was due, and whether it is one of somebody who comes back. */
  #attempt = { dueUs: 0, deadlineUs: 0, isReturn: false };
  #hasBeenReady = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #publishing = new Map<number, OnPublished>();

  constructor(assigned: Assigned, world: World) {
    this.assigned = assigned;
    this.#world = world;
    this.#messages = new MessageReader({
      onPing: () => this.#link?.send('{}'),
      onConnected: (session, node) => this.#connected(session, node),
      onSubscribed: (id, reply) => this.#subscribed(id, reply),
      onPublished: (id) => this.#published(id, 'accepted'),
      onError: (id, code) => this.#refused(id, code),
      onUnsubscribe: (_channel, code) => this.#lost('unsubscribe', String(code)),
      onDisconnect: (code) => this.#lost('close', String(code)),
      onPublication: (data, offset) => this.#slowly(data, offset, false),
    });
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  /** Whether it is subscribed, or will never be. */
  get isSettled(): boolean {
    return this.#phase === 'ready' || this.#phase === 'over';
  }

  /** @param dueUs when the attempt was to begin: what it waited for the generator counts */
  connect(dueUs: number): void {
    if (this.#phase !== 'away') return;
    clearTimeout(this.#retry);
    const { timeoutMs, figures } = this.#world;
    this.#attempt = { dueUs, deadlineUs: nowUs() + timeoutMs * 1e3, isReturn: this.#hasBeenReady };
    this.#phase = 'connecting';
    this.#nextId = 1;
    if (!this.assigned.isPublisher) figures.counts.attempts += 1;
    this.#world.watch(this);
    const token = this.#world.tokenOf(this.assigned.user);
    const connect = this.#command({ connect: token === undefined ? {} : { token } });
    this.#link = this.#world.openLink(this.assigned, connect, {
      onOpen: () => this.#link?.send(connect),
      onFrame: (bytes, from, to) => this.#read(bytes, from, to),
      onEnd: (code) => this.#lost(this.#phase === 'ready' ? 'close' : 'connect', code),
    });
  }

  /** Cuts its connection, as a failing network would, and connects again at once. */
  storm(): void {
    if (this.#phase === 'over') return;
    this.#world.figures.counts.cut += 1;
    this.#away();
    this.connect(nowUs());
  }

  /** Ends an attempt that takes too long. */
  checkDeadline(atUs: number): void {
    const isOpening = this.#phase === 'connecting' || this.#phase === 'subscribing';
    if (isOpening && atUs > this.#attempt.deadlineUs) this.#lost('connect', 'timeout');
  }

  /** @param commands JSON of `publish`, joined into one frame */
  publish(publications: readonly { readonly json: string; readonly onPublished: OnPublished }[]): void {
    if (this.#phase !== 'ready') {
      for (const { onPublished } of publications) onPublished('unknown');
      return;
    }
    const lines = publications.map(({ json, onPublished }) => {
      const id = this.#nextId++;
      this.#publishing.set(id, onPublished);
      return `{"id":${id},"publish":${json}}`;
    });
    this.#link?.send(lines.join('\n'));
  }

  /** Whether everything that was published has come, except what need not. */
  isComplete(
    last: (channel: number) => number,
    mayMiss: (channel: number) => ReadonlySet<number> | undefined,
  ): boolean {
    if (this.assigned.isSlow || this.#phase === 'over') return true;
    if (this.#phase !== 'ready') return false;
    return this.#subscriptions.every(({ channel, check }) => check.isComplete(last(channel), mayMiss(channel)));
  }

  lost(last: (channel: number) => number, mayMiss: (channel: number) => ReadonlySet<number> | undefined): number {
    // One that is away, or reads slowly, has missed something, which is no fault of the server.
    if (this.assigned.isSlow || this.#phase !== 'ready') return 0;
    return this.#subscriptions.reduce(
      (sum, { channel, check }) => sum + check.lost(last(channel), mayMiss(channel)),
      0,
    );
  }

  close(): void {
    this.#phase = 'over';
    clearTimeout(this.#retry);
    this.#link?.close();
    this.#giveUpPublishing();
  }

  #command(method: object): string {
    return JSON.stringify({ id: this.#nextId++, ...method });
  }

  #read(bytes: Buffer, from: number, to: number): void {
    this.#readUs = nowUs();
    if (this.#phase === 'ready') {
      scanFrame(bytes, from, to, this);
      return;
    }
    // Replies may contain publications, so every line is parsed until all is answered.
    for (const line of bytes.toString('utf8', from, to).split('\n')) if (line !== '') this.#messages.read(line);
  }

  onLine(line: string): void {
    this.#messages.read(line);
  }

  onMark(frame: Buffer, at: number): void {
    const { figures, run } = this.#world;
    if (markIn.run(frame, at) !== run) {
      figures.counts.foreign += 1;
      return;
    }
    const subscription = this.#subscriptionOf(markIn.channel(frame, at));
    if (subscription === undefined) return;
    if (this.#world.tracksOffsets) subscription.offset = offsetAfter(frame, at) ?? subscription.offset;
    this.#count(subscription, markIn.sequence(frame, at), markIn.dueUs(frame, at), false);
  }

  /** A publication that was parsed. */
  #slowly(data: unknown, offset: number | undefined, isRecovered: boolean): void {
    const mark = markOf(data);
    if (mark === undefined || mark.run !== this.#world.run) {
      this.#world.figures.counts.foreign += 1;
      return;
    }
    const subscription = this.#subscriptionOf(mark.channel);
    if (subscription === undefined) return;
    if (offset !== undefined) subscription.offset = offset;
    this.#count(subscription, mark.sequence, mark.dueUs, isRecovered);
  }

  #count({ check }: Subscription, sequence: number, dueUs: number, isRecovered: boolean): void {
    const { figures, measureFromUs } = this.#world;
    const { counts, histograms } = figures;
    counts.deliveries += 1;
    const arrival = check.arrived(sequence);
    if (arrival === 'duplicate') counts.duplicates += 1;
    else if (arrival === 'late') counts.misordered += 1;
    if (isRecovered) counts.recovered += 1;
    if (dueUs < measureFromUs) return;
    counts.deliveriesMeasured += 1;
    if (!isRecovered && !this.assigned.isSlow) histograms.delivery.record(this.#readUs - dueUs);
  }

  #subscriptionOf(channel: number): Subscription | undefined {
    const first = this.#subscriptions[0];
    if (first?.channel === channel) return first;
    return this.#subscriptions.find((one) => one.channel === channel);
  }

  #connected(session: string, node: string): void {
    if (this.#phase !== 'connecting') return;
    this.#link?.hasSession(session, node);
    const { channels } = this.assigned;
    if (!this.#hasBeenReady) {
      const first = this.#world.isPublishing ? 0 : 1;
      this.#subscriptions = channels.map((channel) => ({
        channel,
        check: new SequenceCheck(first),
        epoch: '',
        offset: 0,
        isRecoverable: false,
      }));
    }
    this.#phase = 'subscribing';
    this.#unanswered = channels.length;
    if (channels.length === 0) {
      this.#becomeReady();
      return;
    }
    this.#link?.send(this.#subscriptions.map((one) => this.#command({ subscribe: this.#wish(one) })).join('\n'));
  }

  #wish({ channel, isRecoverable, epoch, offset }: Subscription): object {
    const name = this.#world.channelName(channel);
    if (!this.#world.recovers || !isRecoverable) return { channel: name };
    return { channel: name, recover: true, epoch, offset };
  }

  /** Subscriptions are answered by their ids: 2 is the first. */
  #subscribed(id: number, reply: SubscribeReply): void {
    const subscription = this.#subscriptions[id - 2];
    if (subscription === undefined || this.#phase !== 'subscribing') return;
    subscription.epoch = reply.epoch;
    subscription.isRecoverable = reply.isRecoverable;
    if (!reply.isRecovered) {
      subscription.offset = reply.offset;
      if (this.#attempt.isReturn) subscription.check.restart();
    }
    for (const { data, offset } of reply.publications) this.#slowly(data, offset, true);
    this.#unanswered -= 1;
    if (this.#unanswered === 0) this.#becomeReady();
  }

  #becomeReady(): void {
    const { figures, slowBytesPerSec } = this.#world;
    const { isPublisher, isSlow } = this.assigned;
    this.#phase = 'ready';
    this.#hasBeenReady = true;
    this.#failures = 0;
    this.#world.settled(this);
    if (isSlow) this.#link?.readSlowly(slowBytesPerSec);
    if (isPublisher) return;
    figures.counts.subscribed += 1;
    const { dueUs, isReturn } = this.#attempt;
    figures.histograms[isReturn ? 'reconnect' : 'connect'].record(nowUs() - dueUs);
  }

  #refused(id: number, code: number): void {
    if (this.#publishing.has(id)) {
      this.#published(id, code);
      return;
    }
    const isTemporary = Object.values(errorCodes).some((one) => one.code === code && one.temporary);
    this.#world.figures.error(`${this.#phase === 'subscribing' ? 'subscribe' : 'connect'}.${code}`);
    if (isTemporary) this.#tryAgain();
    else this.#giveUp();
  }

  #published(id: number, outcome: 'accepted' | number): void {
    const onPublished = this.#publishing.get(id);
    this.#publishing.delete(id);
    onPublished?.(outcome);
  }

  /** @param what `close`, `connect` or `unsubscribe`, to which the code belongs */
  #lost(what: string, code: string): void {
    if (this.#phase === 'over') return;
    const { figures } = this.#world;
    if (this.assigned.isSlow && this.#phase === 'ready') figures.counts.slowCut += 1;
    else figures.error(`${what}.${code}`);
    const isClose = what === 'close' || /^\d{4}$/.test(code);
    if (isClose && !reconnects(Number(code))) this.#giveUp();
    else this.#tryAgain();
  }

  #tryAgain(): void {
    this.#away();
    this.#failures += 1;
    const mostMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** this.#failures);
    const waitMs = this.#world.random.next() * mostMs;
    const dueUs = nowUs() + waitMs * 1e3;
    this.#retry = setTimeout(() => this.connect(dueUs), waitMs);
  }

  #giveUp(): void {
    this.#away();
    this.#phase = 'over';
    this.#world.settled(this);
  }

  #away(): void {
    clearTimeout(this.#retry);
    this.#link?.cut();
    this.#link = undefined;
    this.#phase = 'away';
    this.#giveUpPublishing();
  }

  #giveUpPublishing(): void {
    const pending = [...this.#publishing.values()];
    this.#publishing.clear();
    for (const onPublished of pending) onPublished('unknown');
  }
}

const offsetKey = Buffer.from('"offset":');

/** The offset of the publication with this mark, which every server writes behind its data. */
function offsetAfter(frame: Buffer, mark: number): number | undefined {
  const at = frame.indexOf(offsetKey, mark);
  if (at < 0) return undefined;
  let offset = 0;
  for (let digit = at + offsetKey.length; ; digit++) {
    const value = (frame[digit] ?? 0) - 48;
    if (value < 0 || value > 9) return offset;
    offset = offset * 10 + value;
  }
}
