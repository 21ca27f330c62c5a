/**
 * Changes of a map that are stored together: applied one after the other to what was read of the map, so that all of
 * them are as if each had been alone.
 */

import type { StreamLimits } from '../../../../engine/ports/broker.js';
import { idempotencyWindowMs } from '../../../../engine/ports/broker.js';
import type { MapOutcome, MapVersion } from '../../../../engine/ports/map-store.js';
import type { Position } from '../../../../model/position.js';
import { encodePublication } from '../../../bus-message.js';
import { noData, removalOf } from '../../../map-removal.js';
import { advanced, emptyPlace, epochOf, type Place } from '../stored-message.js';
import type { KeyState, KnownChange, MadeChanges, MapTop } from './map-records.js';

interface ConditionalChange {
  readonly key: string;
  /** As `encodePublication` writes it. */
  readonly text: string;
  readonly expected: MapVersion | undefined;
  /** Of its idempotency key. */
  readonly id: string | undefined;
  readonly stream: StreamLimits;
}

export type MapChange =
  | (ConditionalChange & {
      readonly do: 'set';
      readonly ttlMs: number | undefined;
      readonly mustExist: boolean;
      readonly maxKeys: number;
    })
  | (ConditionalChange & { readonly do: 'remove' })
  /** Removes it if its time is over. */
  | { readonly do: 'end'; readonly key: string };

/** What was read of a map, at one moment. */
export interface MapView {
  /** `undefined`: nothing was ever stored. */
  readonly top: MapTop | undefined;
  /** Of the keys that were asked for, as far as there are any. */
  readonly states: ReadonlyMap<string, KeyState>;
  /** Of the idempotency keys that were asked for. */
  readonly known: ReadonlyMap<string, KnownChange>;
}

/** By how much clocks of nodes may differ: what is about to be looked at may have been by another node. */
const clockErrorMs = 2_000;

interface RoundTerms {
  /** By the server's clock. */
  readonly nowMs: number;
  /** Of the servers; see `life.ts`. */
  readonly life: string;
  /** Name of the channel's life, if this is its first message. */
  readonly birth: string;
}

export class MapRound {
  readonly #view: MapView;
  readonly #terms: RoundTerms;
  readonly #before: Place;
  #limits: StreamLimits;
  #numKeys: number;
  readonly #publications: string[] = [];
  readonly #states = new Map<string, KeyState>();
  readonly #ends = new Map<string, number>();
  readonly #known = new Map<string, KnownChange>();

  constructor(view: MapView, terms: RoundTerms) {
    this.#view = view;
    this.#terms = terms;
    this.#before = view.top?.place ?? emptyPlace(terms.birth, terms.life);
    this.#limits = this.#before.limits;
    this.#numKeys = view.top?.numKeys ?? 0;
  }

  /** The last message of what was read; 0 if there is none. */
  get seq(): number {
    return this.#before.seq;
  }

  /** Whether there is anything to store. */
  get hasChanged(): boolean {
    return this.#publications.length > 0;
  }

  /** Seconds in which the end of a key has to be looked at, by key. */
  get ends(): ReadonlyMap<string, number> {
    return this.#ends;
  }

  /** All that has changed. */
  made(): MadeChanges {
    const { nowMs, life } = this.#terms;
    const [seq = 0, ...links] = this.#before.links;
    const publications = this.#publications;
    const place = advanced({ ...this.#before, seq, links }, publications.length, this.#limits, life, nowMs);
    return { place, publications, numKeys: this.#numKeys, states: this.#states, ends: this.#ends, known: this.#known };
  }

  apply(change: MapChange): MapOutcome {
    const current = this.#stateOf(change.key);
    if (change.do === 'end') {
      const { endsAtMs = 0 } = current ?? {};
      if (current === undefined || endsAtMs === 0) return this.#refused('absent', current);
      if (endsAtMs > this.#terms.nowMs) {
        this.#lookAgain(change.key, current);
        return this.#refused('version', current);
      }
      return this.#remove(change.key, encodePublication(removalOf({ key: change.key, data: noData })));
    }
    const { id, expected, stream, key, text } = change;
    const known = id === undefined ? undefined : this.#knownChange(id);
    if (known !== undefined) return { ok: true, position: known.position, duplicate: true };
    const mustExist = change.do === 'remove' || change.mustExist;
    if (mustExist && current === undefined) return this.#refused('absent', current);
    if (expected !== undefined && !this.#isVersion(current, expected)) return this.#refused('version', current);
    if (change.do === 'set' && current === undefined && this.#numKeys >= change.maxKeys) {
      return this.#refused('full', current);
    }
    this.#limits = stream;
    const outcome = change.do === 'set' ? this.#set(key, text, change.ttlMs, current) : this.#remove(key, text);
    if (id !== undefined) this.#known.set(id, { position: outcome.position, atMs: Math.floor(this.#terms.nowMs) });
    return outcome;
  }

  #stateOf(key: string): KeyState | undefined {
    const state = this.#states.get(key) ?? this.#view.states.get(key);
    return state?.text === undefined || state.birth !== this.#before.birth ? undefined : state;
  }

  #knownChange(id: string): KnownChange | undefined {
    const known = this.#known.get(id) ?? this.#view.known.get(id);
    return known !== undefined && this.#terms.nowMs - known.atMs < idempotencyWindowMs ? known : undefined;
  }

  #set(key: string, text: string, ttlMs: number | undefined, current: KeyState | undefined): MapOutcome {
    if (current === undefined) this.#numKeys++;
    const endsAtMs = ttlMs === undefined ? 0 : Math.max(1, Math.ceil(this.#terms.nowMs + ttlMs));
    const lookedAtSec = this.#lookAt(key, endsAtMs, current?.lookedAtSec ?? 0);
    return this.#change(key, text, { endsAtMs, lookedAtSec, text });
  }

  #remove(key: string, text: string): MapOutcome {
    this.#numKeys = Math.max(0, this.#numKeys - 1);
    return this.#change(key, text, { endsAtMs: 0, lookedAtSec: 0, text: undefined });
  }

  #change(key: string, text: string, state: Pick<KeyState, 'endsAtMs' | 'lookedAtSec' | 'text'>): MapOutcome {
    this.#publications.push(text);
    const position = this.#top();
    // They are stored in the order of their offsets.
    this.#states.delete(key);
    this.#states.set(key, { ...state, offset: position.offset, birth: this.#before.birth });
    return { ok: true, position, duplicate: false };
  }

  /** A key that is set again and again is looked at once in its time to live, not once for each time. */
  #lookAt(key: string, endsAtMs: number, pendingSec: number): number {
    const isPending = pendingSec * 1_000 > this.#terms.nowMs + clockErrorMs;
    if (endsAtMs === 0) return isPending ? pendingSec : 0;
    const second = Math.ceil(endsAtMs / 1_000);
    if (isPending && pendingSec <= second) return pendingSec;
    this.#ends.set(key, second);
    return second;
  }

  #lookAgain(key: string, { endsAtMs, lookedAtSec }: KeyState): void {
    if (lookedAtSec * 1_000 <= this.#terms.nowMs) this.#ends.set(key, Math.ceil(endsAtMs / 1_000));
  }

  #isVersion(current: KeyState | undefined, { version, epoch }: MapVersion): boolean {
    const isSame = version === (current?.offset ?? 0);
    // No key at all is the same in every epoch.
    return isSame && (version === 0 || epoch === undefined || epoch === this.#top().epoch);
  }

  #refused(why: 'version' | 'absent' | 'full', current: KeyState | undefined): MapOutcome {
    return { ok: false, why, position: this.#top(), version: current?.offset ?? 0 };
  }

  #top(): Position {
    const { birth, offset } = this.#before;
    return { offset: offset + this.#publications.length, epoch: epochOf({ birth, life: this.#terms.life }) };
  }
}
