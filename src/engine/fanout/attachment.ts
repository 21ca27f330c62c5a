/**
 * Takes one subscription from the request to the fan-out without losing or repeating a publication: live ones are
 * buffered first, then history is read, then both are merged (decision D7).
 */

import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { SubscribeResult } from '../../model/reply.js';
import type { HistoryPage, Stores } from '../ports/broker.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Hub } from './hub.js';
import type { BufferedPublication, Subscription } from './subscription.js';

/** What an attachment works with. */
export interface AttachmentPorts {
  readonly hub: Hub;
  readonly broker: Stores;
  readonly limits: EngineLimits;
}

/** How often history is read again when the live stream has run ahead of it. */
const maxReads = 8;

/** Publications without a hole, and the place they lead to. */
interface Merged {
  readonly publications: readonly Publication[];
  readonly top: Position;
  /** The page and the buffer do not meet: history has to be read again. */
  readonly hasHole: boolean;
}

/**
 * The buffer behind the page: what the page has already is dropped, the rest must follow it number by number. `top` is
 * where the page ends.
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
 * Used as: `await read()`; then, without an `await` in between, `isReady()`, `result()`, the reply, `goLive()`. While
 * it is not ready, `await read()` again.
 */
export class Attachment {
  readonly #ports: AttachmentPorts;
  readonly #since: Position | undefined;
  #page: HistoryPage | undefined;
  #reads = 0;
  #joined: Promise<void> | undefined;
  #isForgone = false;

  /** @param since where the client stopped, when it wants what it missed */
  constructor(
    ports: AttachmentPorts,
    readonly subscription: Subscription,
    since: Position | undefined,
  ) {
    this.#ports = ports;
    this.#since = since;
  }

  get #rule() {
    return this.subscription.rule;
  }

  /** Rejects as the broker does, or when history does not catch up with the live stream. */
  async read(): Promise<void> {
    this.#joined ??= this.#join();
    await this.#joined;
    const { history } = this.#ports.broker;
    if (this.#rule.stream === undefined || history === undefined) return;
    if (this.#reads++ >= maxReads) throw new Error('history stays behind the live stream');
    // What was buffered up to here is in the page that is read now, or was lost with an overflow and is there too.
    if (this.subscription.overflowed) {
      this.subscription.overflowed = false;
      this.subscription.buffer = undefined;
    }
    this.#page = await history.read(this.subscription.channel, this.#query());
  }

  /** Whether the page and the buffer make one piece that is level with the live stream. */
  isReady(): boolean {
    if (this.subscription.overflowed) return false;
    if (this.#page === undefined) return true;
    const merged = this.#merged(this.#page);
    if (merged.hasHole) return false;
    const live = this.#ports.hub.position(this.subscription.channel);
    // Another epoch at equal standing is for `promote` to judge: the page is newer than the live stream.
    const isLevel = live === undefined || live.epoch !== merged.top.epoch || live.offset <= merged.top.offset;
    if (isLevel) this.#reads = 0;
    return isLevel;
  }

  /** Tells the client that it cannot recover: what it missed is more than may wait for it. */
  forgo(): void {
    this.#isForgone = true;
  }

  /** What the client is told. */
  result(): SubscribeResult {
    const { data } = this.subscription.identity;
    const wasRecovering = this.#since !== undefined;
    const state = { wasRecovering, recovered: false, publications: [], ...(data !== undefined && { data }) };
    if (this.#page === undefined) return { ...state, recoverable: false, positioned: false, epoch: '', offset: 0 };
    const { top, publications } = this.#merged(this.#page);
    const { recovery } = this.subscription;
    const recovered = this.#isForgone ? undefined : this.#recovered(this.#page, top, publications);
    return { ...state, positioned: true, recoverable: recovery !== 'off', ...top, ...recovered };
  }

  /** Puts the subscription into the fan-out, from the place that {@link result} told. */
  goLive(): void {
    const top = this.#page === undefined ? undefined : this.#merged(this.#page).top;
    this.#ports.hub.promote(this.subscription, top);
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
    const { recovery } = this.subscription;
    if (recovery === 'cache') return { limit: 1, reverse: true };
    if (recovery === 'off' || this.#since === undefined) return { limit: 0, reverse: false };
    const { offset, epoch } = this.#since;
    // No epoch: an application that knows offsets alone asks from there. The server always tells clients an epoch.
    const since = epoch === '' ? { offset } : { offset, epoch };
    return { limit: this.#ports.limits.maxRecoveredPublications, since, reverse: false };
  }

  #merged(page: HistoryPage): Merged {
    return merge(page.publications, page.top, this.subscription.buffer ?? []);
  }

  /** What there is for a client that wants what it missed; `undefined` when it cannot have it, or wants nothing. */
  #recovered(
    page: HistoryPage,
    top: Position,
    publications: readonly Publication[],
  ): Partial<SubscribeResult> | undefined {
    const since = this.#since;
    if (this.subscription.recovery === 'cache') return cached(since, top, publications);
    if (this.subscription.recovery === 'off' || since === undefined) return undefined;
    // A page cut by the limit has no connection to the live stream.
    const isComplete = page.continuous && (page.publications.at(-1)?.offset ?? since.offset) === page.top.offset;
    return isComplete ? { recovered: true, offset: since.offset, publications } : undefined;
  }
}

/** The last value, unless the client has it. An empty cache recovers only a client that has the same state. */
function cached(
  since: Position | undefined,
  top: Position,
  publications: readonly Publication[],
): Partial<SubscribeResult> | undefined {
  if (since !== undefined && since.epoch === top.epoch && since.offset === top.offset && top.offset > 0) {
    return { recovered: true };
  }
  const last = publications.at(-1);
  if (last?.offset !== top.offset) return undefined;
  return { wasRecovering: true, recovered: true, publications: [last], offset: since?.offset ?? last.offset - 1 };
}
