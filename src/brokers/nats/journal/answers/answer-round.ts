/**
 * Changes of the answers of a channel that are stored as one entry: applied one after the other to what is known, so that
 * all of them are as if each had been alone. What is over by the time of the round is dealt with first.
 */

import type { AnswerChange, AnswerLimits, AnswerOutcome } from '../../../../engine/ports/answer-store.js';
import type { AnswerPart } from '../../../../model/answer-part.js';
import { type Answer, changed, interrupted, isFinal, sizeOf } from '../../../answer-state.js';
import { epochOf } from '../stored-message.js';
import { type ChannelAnswers, dueMs, type KeptAnswer } from './channel-answers.js';
import type { Entry, EntryStep } from './entry.js';

interface RoundTerms {
  /** By the server's clock. */
  readonly nowMs: number;
  /** Of the servers; see `life.ts`. */
  readonly life: string;
  /** Most characters of all answers of a channel. */
  readonly maxChars: number;
}

/**
 * How far the offsets of a channel are ahead in another life of the servers: more than what they may have lost, so that no
 * offset, run or number of that stands for something else.
 */
const lifeStep = 2 ** 24;
/** A sign of life that comes so soon after another one is not stored. */
const signEveryMs = 1_000;

export class AnswerRound {
  readonly #known: ChannelAnswers;
  readonly #terms: RoundTerms;
  /** By id; `undefined` if it is forgotten. In the order of their last changes. */
  readonly #made = new Map<string, KeptAnswer | undefined>();
  readonly #steps: EntryStep[] = [];
  readonly #forgotten: number[] = [];
  #offset: number;
  #forgottenUpTo: number;
  #count: number;
  #chars: number;
  readonly #isNewLife: boolean;

  constructor(known: ChannelAnswers, terms: RoundTerms) {
    const { offset, forgottenUpTo, life } = known.last;
    this.#known = known;
    this.#terms = terms;
    this.#offset = offset;
    this.#forgottenUpTo = forgottenUpTo;
    this.#count = known.size;
    this.#chars = known.chars;
    this.#isNewLife = life !== terms.life;
    if (this.#isNewLife) this.#beginLife();
    this.#finishDue();
  }

  /** Whether there is anything to store. */
  get hasChanged(): boolean {
    return this.#isNewLife || this.#steps.length > 0 || this.#forgotten.length > 0;
  }

  /** Whether answers are forgotten, whose messages can go. */
  get hasForgotten(): boolean {
    return this.#forgotten.length > 0;
  }

  /** @param isCovering whether heads and pieces have everything up to the entry before it */
  entry(isCovering: boolean): Entry {
    const { last, message, covered } = this.#known;
    return {
      n: last.n + 1,
      before: message,
      offset: this.#offset,
      birth: last.birth,
      life: this.#terms.life,
      timeMs: Math.floor(this.#terms.nowMs),
      covered: isCovering ? last.n : covered,
      heads: isCovering ? [...this.#known.all()].map(({ key }) => key).sort((a, b) => a - b) : [],
      count: this.#count,
      forgottenUpTo: this.#forgottenUpTo,
      forgotten: this.#forgotten,
      steps: this.#steps,
    };
  }

  change(change: AnswerChange, limits: AnswerLimits): AnswerOutcome {
    const current = this.#get(change.id);
    const step = changed(current?.answer, change, this.#offset + 1, limits);
    if (step.kind === 'refused') return { ok: false, why: step.why, seq: step.seq };
    const isSign = change.kind !== 'cancel';
    if (step.kind === 'duplicate' || step.kind === 'noted') {
      if (current === undefined) throw new Error('what is not there does not stay the same');
      const isNoted = isSign ? this.#isSilent(current) : step.kind === 'noted';
      const kept = isNoted ? this.#note({ ...current, answer: step.answer }, isSign) : current;
      return { ok: true, duplicate: step.kind === 'duplicate', ...this.#statusOf(kept.answer) };
    }
    const added = sizeOf(step.answer) - (current === undefined ? 0 : sizeOf(current.answer));
    if (this.#chars + added > this.#terms.maxChars) return { ok: false, why: 'all', seq: current?.answer.seq ?? 0 };
    if (current === undefined) {
      if (!this.#makeRoom(limits.size)) return { ok: false, why: 'full', seq: 0 };
      this.#count++;
    }
    this.#chars += added;
    const { silenceMs, ttlMs } = limits;
    const kept = this.#keptAs(step.answer, current, { silenceMs, ttlMs });
    this.#tell(kept, step.part);
    return { ok: true, duplicate: false, ...this.#statusOf(kept.answer) };
  }

  /** Forgets the answers that have ended. */
  clear(): void {
    for (const kept of [...this.#all()]) if (isFinal(kept.answer)) this.#forget(kept);
  }

  /**
   * The servers may have lost the newest entries: nobody is told what they were, and whoever was producing has to open
   * the answer again, which tells how much there is of it.
   */
  #beginLife(): void {
    this.#offset += lifeStep;
    for (const kept of [...this.#all()]) {
      if (isFinal(kept.answer)) continue;
      const number = ++this.#offset;
      const fresh = { number, run: number, seq: 0, offset: number, state: 'interrupted' } as const;
      this.#note({ ...kept, answer: { ...kept.answer, ...fresh } }, true);
    }
  }

  #finishDue(): void {
    for (const kept of [...this.#all()]) {
      if (dueMs(kept) > this.#terms.nowMs) continue;
      if (kept.answer.state !== 'open') {
        this.#forget(kept);
        continue;
      }
      const { answer, part } = interrupted(kept.answer, this.#offset + 1);
      this.#tell({ ...kept, answer }, part);
    }
  }

  #get(id: string): KeptAnswer | undefined {
    return this.#made.has(id) ? this.#made.get(id) : this.#known.get(id);
  }

  /** In the order of their last changes. */
  *#all(): Generator<KeptAnswer> {
    for (const kept of this.#known.all()) if (!this.#made.has(kept.answer.id)) yield kept;
    for (const kept of this.#made.values()) if (kept !== undefined) yield kept;
  }

  #keptAs(answer: Answer, current: KeptAnswer | undefined, times: Pick<KeptAnswer, 'silenceMs' | 'ttlMs'>): KeptAnswer {
    const first = { key: answer.number, upTo: 0, stored: 0, storedMs: 0, sinceMs: this.#terms.nowMs };
    return { ...first, ...current, ...times, answer };
  }

  #isSilent({ answer, sinceMs }: KeptAnswer): boolean {
    return answer.state === 'open' && this.#terms.nowMs - sinceMs >= signEveryMs;
  }

  /** Subscribers get the part. */
  #tell(kept: KeptAnswer, part: AnswerPart): void {
    this.#offset = kept.answer.offset;
    this.#put(kept, true, part);
  }

  /** Nobody is told. */
  #note(kept: KeptAnswer, isSign: boolean): KeptAnswer {
    return this.#put(kept, isSign, undefined);
  }

  #put(given: KeptAnswer, isSign: boolean, part: AnswerPart | undefined): KeptAnswer {
    const kept = isSign ? { ...given, sinceMs: this.#terms.nowMs } : given;
    const { key, silenceMs, ttlMs } = kept;
    const { id, offset, number, run, seq, state, isCancelled } = kept.answer;
    this.#steps.push({ key, offset, number, run, seq, state, isCancelled, isSign, silenceMs, ttlMs, part });
    this.#made.delete(id);
    this.#made.set(id, kept);
    return kept;
  }

  /** Forgets the oldest that is not open, if there are too many for another one. @returns whether there is room */
  #makeRoom(size: number): boolean {
    if (this.#count < size) return true;
    for (const kept of [...this.#all()]) {
      if (kept.answer.state !== 'open') this.#forget(kept);
      if (this.#count < size) return true;
    }
    return false;
  }

  #forget({ key, answer }: KeptAnswer): void {
    this.#made.set(answer.id, undefined);
    this.#forgotten.push(key);
    this.#count--;
    this.#chars -= sizeOf(answer);
    this.#forgottenUpTo = Math.max(this.#forgottenUpTo, answer.offset);
  }

  #statusOf({ number, run, seq, length, state, isCancelled, offset }: Answer) {
    const epoch = epochOf({ birth: this.#known.last.birth, life: this.#terms.life });
    return { position: { offset, epoch }, number, run, seq, length, state, isCancelled };
  }
}
