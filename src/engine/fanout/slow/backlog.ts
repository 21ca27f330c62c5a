/** What waits in one channel for the subscribers that are slow, by the policy of its rule: kept once for all of them. */

import { payloadLength } from '../../../model/payload.js';
import type { PublicationPush } from '../../../model/push.js';
import type { SlowPolicy } from '../../channels/slow-policy.js';
import { keyOf, newestOfKeys } from '../newest-of-keys.js';
import type { SharedPush } from '../shared-push.js';
import { NewestByKey, type Numbered } from './newest-by-key.js';
import { Recent } from './recent.js';

/** A publication that waits. */
export type Waiting = Numbered<SharedPush>;

/** Publications are numbered from 1 without gaps, also those that are not kept: what is missing was left out. */
export interface Backlog {
  /** The number of the newest publication. */
  readonly numAdded: number;
  add(shared: SharedPush): void;
  /** What is kept of the publications after this place, in order. */
  after(place: number): readonly Waiting[];
  /** Those that are kept. */
  readonly size: number;
  /** Whether nothing after this place is missing but for what newer ones replace. */
  holdsAfter(place: number): boolean;
  /** Whether what is {@link after} a place has to leave as a whole, since it was joined. */
  readonly isJoined?: true;
  /** All readers have what came up to this place. */
  forget?(place: number): void;
  /** The place behind which nothing is left out that comes after this offset; `undefined` if something is. */
  placeAt?(offset: number): number | undefined;
}

/** Under `recover` these are given without a look at the history: a socket is often full for a moment. */
const maxRemembered = 64;
const maxRememberedBytes = 65_536;

/** Parts of answers: after joining they are few. */
const maxParts = 4_096;

/** For subscribers with one filter, in a channel of streams. @param share makes a push of what was joined */
export function backlogOfParts(share: (publication: PublicationPush['publication']) => SharedPush): Backlog {
  return new PartsBacklog(maxParts, maxRememberedBytes, share);
}

/** @param maxBytes of publications under `dropOldest`, whose number alone is no bound of memory */
export function backlogOf(policy: SlowPolicy, maxBytes: number): Backlog {
  switch (policy.kind) {
    case 'dropOldest':
      return new RecentBacklog(policy.size, maxBytes);
    case 'recover':
      return new RecentBacklog(maxRemembered, maxRememberedBytes);
    default:
      return new NewestBacklog();
  }
}

/** Bytes of a publication besides its data: its channel, publisher and tags, as long as these are short. */
export const mostAroundData = 512;

export function publicationOf({ push }: SharedPush): PublicationPush['publication'] {
  // safe: nothing but publications waits
  return (push as PublicationPush).publication;
}

/** The newest publication of each key; without keys, of the channel. */
class NewestBacklog implements Backlog {
  readonly #newest = new NewestByKey<SharedPush>();

  get numAdded(): number {
    return this.#newest.numAdded;
  }

  get size(): number {
    return this.#newest.size;
  }

  add(shared: SharedPush): void {
    this.#newest.add(keyOf(publicationOf(shared)), shared);
  }

  after(place: number): readonly Waiting[] {
    return this.#newest.after(place);
  }

  holdsAfter(): boolean {
    return true;
  }

  forget(place: number): void {
    this.#newest.forget(place);
  }
}

/** The last publications. */
class RecentBacklog implements Backlog {
  readonly #recent: Recent<SharedPush>;
  /** The newest offset that was dropped. */
  #droppedUpTo = 0;

  constructor(maxItems: number, maxBytes: number) {
    this.#recent = new Recent(maxItems, maxBytes, (shared) => {
      this.#droppedUpTo = Math.max(this.#droppedUpTo, publicationOf(shared).offset);
    });
  }

  get numAdded(): number {
    return this.#recent.numAdded;
  }

  get size(): number {
    return this.#recent.numAdded - this.#recent.numDropped;
  }

  add(shared: SharedPush): void {
    this.#recent.add(shared, payloadLength(publicationOf(shared).data));
  }

  after(place: number): readonly Waiting[] {
    return this.#recent.after(place);
  }

  holdsAfter(place: number): boolean {
    return place >= this.#recent.numDropped;
  }

  placeAt(offset: number): number | undefined {
    if (offset < this.#droppedUpTo) return undefined;
    const next = this.#recent.after(0).find(({ item }) => publicationOf(item).offset > offset);
    return next === undefined ? this.numAdded : next.number - 1;
  }
}

/** The last parts of answers. Who reads them gets one of each answer, with all that was added to it. */
class PartsBacklog extends RecentBacklog {
  readonly isJoined = true;
  readonly #share: (publication: PublicationPush['publication']) => SharedPush;
  /** What was joined last: readers that became slow together get the same. */
  #last: { readonly place: number; readonly numAdded: number; readonly joined: readonly Waiting[] } | undefined;

  constructor(maxItems: number, maxBytes: number, share: (publication: PublicationPush['publication']) => SharedPush) {
    super(maxItems, maxBytes);
    this.#share = share;
  }

  override after(place: number): readonly Waiting[] {
    const { numAdded } = this;
    if (this.#last?.place !== place || this.#last.numAdded !== numAdded) {
      this.#last = { place, numAdded, joined: this.#join(super.after(place)) };
    }
    return this.#last.joined;
  }

  #join(waiting: readonly Waiting[]): readonly Waiting[] {
    const left = newestOfKeys(waiting.map(({ item }) => publicationOf(item)));
    if (left.length === waiting.length) return waiting;
    const numbers = new Map(waiting.map(({ number, item }) => [publicationOf(item).offset, number]));
    return left.map((publication) => ({
      number: numbers.get(publication.offset) ?? this.numAdded,
      item: this.#share(publication),
    }));
  }
}
