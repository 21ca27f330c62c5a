/**
 * Takes one subscription from the request to the fan-out without losing or repeating a publication: first live ones are
 * buffered, then history is read, then both are merged (decision D7).
 */

import { defined } from '../../model/defined.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { SubscribeResult } from '../../model/reply.js';
import type { TagFilter } from '../filters/tag-filter.js';
import { type HistoryPage, historyOf, type Stores } from '../ports/broker.js';
import type { EngineLimits } from '../ports/limits.js';
import type { RecoveryLoss } from '../ports/rule-counts.js';
import type { Hub } from './hub.js';
import { newestOfKeys } from './newest-of-keys.js';
import type { BufferedPublication, Subscription } from './subscription.js';

/** What an attachment needs. */
export interface AttachmentPorts {
  readonly hub: Hub;
  readonly broker: Stores;
  readonly limits: Pick<EngineLimits, 'maxRecoveredPublications'>;
  readonly recoveryPages: RestOfRecoveries;
}

/** Gives clients what they have missed and did not get with their reply. */
interface RestOfRecoveries {
  /** Takes the subscription live later. @param numTold publications that come with the reply, up to `at` */
  begin(subscription: Subscription, at: Position, numTold: number): void;
}

/**
 * Why there is a position to begin from: the client comes back with it, it has read the state of a map there, or its session
 * goes on here, so that it has to miss nothing whatever the rule lets clients recover.
 */
export type AttachmentKind = 'recovery' | 'state' | 'continuation';

export interface AttachmentOptions {
  /** Default: `recovery`. */
  readonly kind?: AttachmentKind;
  /** Whether a recovery that is larger than one reply goes on behind it, in pages. Default: it fails. */
  readonly inPages?: boolean;
}

/** Most publications between two places of a session; whoever has missed more takes the rest in pages, or is told. */
const maxContinued = 1_000;

/** How often history is read again when the live stream has overtaken it. */
const maxReads = 8;

/** Publications without a gap, and the position after them. */
interface Merged {
  readonly publications: readonly Publication[];
  readonly top: Position;
  /** There is a gap between page and buffer: history has to be read again. */
  readonly hasHole: boolean;
}

/**
 * Appends the buffer to the page: publications that are in the page are dropped, the others must have consecutive
 * offsets. `top` is the position at the end of the page.
 */
export function merge(page: readonly Publication[], top: Position, buffer: readonly BufferedPublication[]): Merged {
  const publications = [...page];
  let { offset } = top;
  for (const { publication, epoch } of buffer) {
    if (epoch === top.epoch && publication.offset <= offset) continue;
    if (epoch !== top.epoch || publication.offset !== offset + 1) return { publications, top, hasHole: true };
    publications.push(publication);
    offset = publication.offset;
  }
  return { publications, top: { offset, epoch: top.epoch }, hasHole: false };
}

/**
 * Usage: `await read()`; then, without an `await` in between, `isReady()`, `result()`, the reply, `goLive()`. If it is
 * not ready, `await read()` again.
 */
export class Attachment {
  readonly #ports: AttachmentPorts;
  readonly #since: Position | undefined;
  readonly #kind: AttachmentKind;
  readonly #inPages: boolean;
  #page: HistoryPage | undefined;
  /** The page and the buffer, merged by the last {@link isReady}. */
  #merged: Merged | undefined;
  #reads = 0;
  #joined: Promise<void> | undefined;
  #isForgone = false;
  /** In a channel of streams: what has changed since the client's position is not known any more. */
  #hasLost = false;
  /** The reply has only the beginning of what was missed. */
  #goesOn = false;

  /** @param since the client's position, if it has one */
  constructor(
    ports: AttachmentPorts,
    readonly subscription: Subscription,
    since: Position | undefined,
    { kind = 'recovery', inPages = false }: AttachmentOptions = {},
  ) {
    this.#ports = ports;
    this.#since = since;
    this.#kind = kind;
    this.#inPages = inPages;
  }

  /** Rejects as the broker does, or if history does not catch up with the live stream. */
  async read(): Promise<void> {
    this.#joined ??= this.#join();
    await this.#joined;
    const { rule } = this.subscription;
    const history = historyOf(this.#ports.broker, rule);
    if (rule.stream === undefined || history === undefined) return;
    if (this.#reads++ >= maxReads) throw new Error('history stays behind the live stream');
    // Publications buffered so far, and those lost by an overflow, are in the page that is read now.
    this.subscription.forgetOverflow();
    const buffer = this.#buffer;
    const numBefore = buffer.length;
    let page = await history.read(this.subscription.channel, this.#query());
    if (rule.streams !== undefined && !page.continuous) {
      // Who cannot go on gets all answers, as one who comes anew.
      this.#hasLost = true;
      page = await history.read(this.subscription.channel, this.#query());
    }
    forgetEnded(buffer, numBefore, page.top.epoch);
    // The newest ones, of which the caller wants the order of the stream.
    const isReversed = this.subscription.recovery === 'cache' && this.#kind !== 'continuation';
    this.#page = page.publications.length > 1 && isReversed ? oldestFirst(page) : page;
  }

  /** Whether page and buffer have no gap and reach the live stream. */
  isReady(): boolean {
    const { channel } = this.subscription;
    if (this.#page !== undefined && this.#isCut(this.#page)) {
      this.#begin(this.#page.publications, this.#page.top);
      return true;
    }
    this.#goesOn = false;
    if (this.#hasOverflowed) return false;
    if (this.#page === undefined) return true;
    const merged = merge(this.#page.publications, this.#page.top, this.#buffer);
    this.#merged = merged;
    if (merged.hasHole) return false;
    const live = this.#ports.hub.position(channel);
    // If only the epochs differ, `promote` decides: the page is newer than the live stream.
    const isLevel = live === undefined || live.epoch !== merged.top.epoch || live.offset <= merged.top.offset;
    if (isLevel) this.#reads = 0;
    return isLevel;
  }

  /** Whether the reply has only the beginning of what was missed, and the rest comes behind it. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** Half of what was to come with the reply comes behind it. False if that is not possible. */
  shorten(): boolean {
    const { publications = [], top } = this.#merged ?? {};
    if (!this.#mayGoOn || top === undefined || publications.length < 2) return false;
    this.#begin(publications.slice(0, publications.length >> 1), top);
    return true;
  }

  /** The client will be told that it cannot recover, because it missed more than its queue can hold. */
  forgo(): void {
    this.#isForgone = true;
  }

  /** The reply to the client. */
  result(): SubscribeResult {
    const { identity, variant, channel, maxRate, rule } = this.subscription;
    const { data } = identity;
    const wasRecovering = this.#kind !== 'state' && this.#since !== undefined;
    const state = {
      wasRecovering,
      recovered: false,
      publications: [],
      ...(data !== undefined && { data }),
      ...(variant.delta !== 'off' && { delta: true }),
      ...(variant.compact && { channelId: this.#ports.hub.channelId(channel) }),
      // Of streams, everything comes; the rate says only how often.
      ...(maxRate !== undefined && rule.streams === undefined && { maxRate }),
    };
    if (this.#page === undefined || this.#merged === undefined) {
      return { ...state, recoverable: false, positioned: false, epoch: '', offset: 0 };
    }
    const recovered = this.#isForgone ? undefined : this.#recovered(this.#page, this.#merged);
    this.subscription.hasBase = variant.delta === 'on' && (recovered?.publications?.length ?? 0) > 0;
    const recoverable = this.subscription.recovery !== 'off';
    const reply = { ...state, positioned: true, recoverable, ...this.#merged.top, ...recovered };
    // What comes with a short answer counts, and clients recover with what is left.
    return rule.streams === undefined ? reply : { ...reply, positioned: false };
  }

  /** Why the client does not get what it missed, if {@link result} says so. */
  get loss(): RecoveryLoss {
    if (this.#isForgone) return 'too-large';
    const page = this.#page;
    if (page === undefined || this.#since === undefined) return 'trimmed';
    if (this.#since.epoch !== '' && this.#since.epoch !== page.top.epoch) return 'epoch';
    if (this.subscription.rule.streams !== undefined) return 'trimmed';
    return page.continuous && this.subscription.recovery === 'stream' ? 'too-many' : 'trimmed';
  }

  /** Adds the subscription to the fan-out, from the position in {@link result}; or later, if there is more to give it. */
  goLive(): void {
    const { hub, recoveryPages } = this.#ports;
    if (this.#goesOn && this.#merged !== undefined) {
      recoveryPages.begin(this.subscription, this.#merged.top, this.#merged.publications.length);
    } else hub.promote(this.subscription, this.#merged?.top);
  }

  get #buffer(): BufferedPublication[] {
    const { stage } = this.subscription;
    return stage.name === 'joining' ? stage.buffer : [];
  }

  get #hasOverflowed(): boolean {
    const { stage } = this.subscription;
    return stage.name === 'joining' && stage.hasOverflowed;
  }

  get #mayGoOn(): boolean {
    const { recovery, rule } = this.subscription;
    // Of streams, the newest publication of each is all that is wanted.
    const isOfAll = (recovery === 'stream' || this.#kind === 'continuation') && rule.streams === undefined;
    return this.#inPages && this.#since !== undefined && isOfAll && !this.#isForgone;
  }

  /** There is more than the page has, and the client takes it in pages. */
  #isCut({ continuous, publications, top }: HistoryPage): boolean {
    if (!this.#mayGoOn) return false;
    const last = publications.at(-1);
    return continuous && last !== undefined && last.offset < top.offset;
  }

  #begin(publications: readonly Publication[], { epoch }: Position): void {
    const offset = publications.at(-1)?.offset ?? 0;
    this.#merged = { publications, top: { offset, epoch }, hasHole: false };
    this.#goesOn = true;
  }

  async #join(): Promise<void> {
    const { hub, broker } = this.#ports;
    const { channel, clientInfo, countsAsPresent, owner } = this.subscription;
    await hub.join(this.subscription);
    if (countsAsPresent && broker.presence !== undefined) {
      await broker.presence.add(channel, clientInfo, owner.presenceTtlMs);
    }
  }

  #query() {
    const { recovery, variant, rule } = this.subscription;
    const { maxRecoveredPublications } = this.#ports.limits;
    if (this.#kind === 'continuation' && rule.streams === undefined) {
      const limit = this.#since === undefined ? 0 : maxContinued;
      return { limit, ...defined({ since: this.#since }), reverse: false };
    }
    if (recovery === 'cache') {
      // The last value that passes the filter may not be the last one.
      const most = Math.max(1, Math.min(rule.stream?.size ?? 1, maxRecoveredPublications));
      return { limit: variant.filter === undefined ? 1 : most, reverse: true };
    }
    const areAnswers = rule.streams !== undefined;
    const limit = areAnswers ? (rule.stream?.size ?? 0) : maxRecoveredPublications;
    if (this.#since === undefined || this.#hasLost) return { limit: areAnswers ? limit : 0, reverse: false };
    if (recovery === 'off') return { limit: 0, reverse: false };
    const { offset, epoch } = this.#since;
    // Without an epoch: an application that knows only offsets asks. The server always sends an epoch to clients.
    const since = epoch === '' ? { offset } : { offset, epoch };
    return { limit, since, reverse: false };
  }

  /** What a recovering client gets; `undefined` if it cannot recover, or does not ask for it. */
  #recovered(page: HistoryPage, { top, publications }: Merged): Partial<SubscribeResult> | undefined {
    const since = this.#since;
    const {
      recovery,
      maxRate,
      variant: { filter },
    } = this.subscription;
    if (this.subscription.rule.streams !== undefined) return this.#answers(publications);
    if (recovery === 'cache' && this.#kind !== 'continuation') return cached(since, top, publications, filter);
    if ((recovery === 'off' && this.#kind !== 'continuation') || since === undefined) return undefined;
    // After a page cut by the limit there would be a gap before the live stream.
    const isComplete = page.continuous && (page.publications.at(-1)?.offset ?? since.offset) === page.top.offset;
    if (!isComplete && !this.#goesOn) return undefined;
    const passing = filter === undefined ? publications : publications.filter((each) => filter.passes(each));
    const wanted = maxRate === undefined ? passing : newestOfKeys(passing);
    // The client goes on from each publication that it gets. If there is none, it has still missed nothing up to the top,
    // and would otherwise ask from a position that is forgotten one day.
    return { recovered: true, publications: wanted, ...(wanted.length > 0 && { offset: since.offset }) };
  }

  /** All answers for one who comes anew, or those that have changed, each in one publication. */
  #answers(publications: readonly Publication[]): Partial<SubscribeResult> {
    const wanted = newestOfKeys(publications);
    const [first] = wanted;
    const recovered = this.#since !== undefined && !this.#hasLost;
    // The client goes on from each publication that it gets; before them it has nothing.
    return { recovered, publications: wanted, ...(first !== undefined && { offset: 0 }) };
  }
}

/**
 * What came before a page was read, and is not of its epoch, is of a stream that has ended: history will never close the
 * hole between them.
 *
 * @param numBefore publications that were in the buffer when the page was asked for
 */
function forgetEnded(buffer: BufferedPublication[], numBefore: number, epoch: string): void {
  const kept = buffer.slice(0, numBefore).filter((each) => each.epoch === epoch);
  if (kept.length < numBefore) buffer.splice(0, numBefore, ...kept);
}

function oldestFirst(page: HistoryPage): HistoryPage {
  return { ...page, publications: page.publications.toReversed() };
}

/** The last value, unless the client has it. An empty cache only recovers a client with the same position. */
function cached(
  since: Position | undefined,
  top: Position,
  publications: readonly Publication[],
  filter: TagFilter | undefined,
): Partial<SubscribeResult> | undefined {
  if (since !== undefined && since.epoch === top.epoch && since.offset === top.offset && top.offset > 0) {
    return { recovered: true };
  }
  const last = publications.at(-1);
  if (last?.offset !== top.offset) return undefined;
  const value = filter === undefined ? last : publications.findLast((each) => filter.passes(each));
  const [oldest] = publications;
  const known = since?.epoch === top.epoch ? since.offset : undefined;
  if (value === undefined) {
    // What is kept begins before the client's position: nothing that it wants has come since.
    return known !== undefined && oldest !== undefined && oldest.offset <= known + 1 ? { recovered: true } : undefined;
  }
  if (filter !== undefined && known !== undefined && value.offset <= known) return { recovered: true };
  return { wasRecovering: true, recovered: true, publications: [value], offset: since?.offset ?? value.offset - 1 };
}
