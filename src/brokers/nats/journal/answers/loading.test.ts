/** What a node reads from JetStream is what the node has that made it, whatever was stored when. */

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/chaos/seeded-random.js';
import { channelName } from '../../../../../test/support/engine/channel-name.js';
import type { AnswerChange, AnswerOutcome } from '../../../../engine/ports/answer-store.js';
import { trustedJsonText } from '../../../../model/json-text.js';
import { AnswerRound } from './answer-round.js';
import { AnswerSubjects } from './answer-subjects.js';
import { ChannelAnswers, numSlots } from './channel-answers.js';
import { decodeEntry, encodeEntry } from './entry.js';
import { Loading } from './loading.js';
import { Covering, nothing } from './snapshot.js';

const channel = channelName('room.1');
const names = new AnswerSubjects('fanfare');
const limits = { size: 5, ttlMs: 60_000, maxLength: 40_000, silenceMs: 3_000 };

/** The last message of each subject, as JetStream keeps it. */
class Stored {
  /** What was replaced by nothing. */
  readonly #gone = new Map<string, { readonly seq: number; readonly text: string }>();
  readonly #last = new Map<string, { readonly seq: number; readonly text: string }>();
  #seq = 0;

  put(subject: string, text: string): number {
    const before = this.#last.get(subject);
    if (text === nothing && before !== undefined) this.#gone.set(subject, before);
    this.#last.delete(subject);
    this.#last.set(subject, { seq: ++this.#seq, text });
    return this.#seq;
  }

  /** As a server that was killed: what stands in place of what is gone has ended, and that is there again. */
  bringBack(): void {
    expect(this.#gone.size).toBeGreaterThan(0);
    for (const [subject, before] of this.#gone) this.#last.set(subject, before);
  }

  drop(subject: string): void {
    this.#last.delete(subject);
  }

  /** @param subjects only some */
  loading(subjects = (_: string) => true): Loading {
    const loading = new Loading(names);
    for (const [subject, { seq, text }] of this.#last) if (subjects(subject)) loading.take({ subject, seq, text });
    return loading;
  }
}

/** A channel whose messages are kept here. */
class Channel {
  readonly stored = new Stored();
  readonly answers: ChannelAnswers;
  nowMs = 1_000_000;
  life = 'life';

  constructor() {
    const first = { n: 0, message: 0, offset: 0, birth: 'birth', life: 'life', timeMs: 0, forgottenUpTo: 0 };
    this.answers = new ChannelAnswers(first);
  }

  commit(changes: readonly AnswerChange[], isCovering: boolean) {
    const round = new AnswerRound(this.answers, { nowMs: this.nowMs, life: this.life, maxChars: 1_000_000 });
    const outcomes = changes.map((change) => round.change(change, limits));
    if (!round.hasChanged) return outcomes;
    const entry = round.entry(isCovering);
    const covering = new Covering(names, channel, 60_000, this.answers, entry);
    const useless = covering.useless();
    for (const { subject, text } of covering.messages()) this.stored.put(subject, text);
    const { slot } = this.answers.next;
    const text = encodeEntry(entry);
    expect(decodeEntry(text)).toEqual(entry);
    expect(this.answers.take(decodeEntry(text), this.stored.put(names.entry(channel, slot), text))).toBe(true);
    for (const { subject, text } of useless) this.stored.put(subject, text);
    return outcomes;
  }

  /** Stores heads and pieces as a node that is gone before its entry. @param share of its messages */
  coverPartly(share: number): void {
    const round = new AnswerRound(this.answers, { nowMs: this.nowMs, life: this.life, maxChars: 1_000_000 });
    const messages = new Covering(names, channel, 60_000, this.answers, round.entry(true)).messages();
    for (const { subject, text } of messages.slice(0, Math.ceil(messages.length * share))) {
      this.stored.put(subject, text);
    }
  }
}

function known(answers: ChannelAnswers | undefined) {
  if (answers === undefined) return undefined;
  const all = [...answers.all()].map(({ key, answer, sinceMs, silenceMs }) => ({ key, answer, sinceMs, silenceMs }));
  const { last, message, slots, covered } = answers;
  return { all, last, message, slots, covered };
}

/** Like those of many producers, with ids that come again. */
function someChange(random: SeededRandom, runs: ReadonlyMap<string, number>): AnswerChange {
  const id = `answer ${random.below(7)}`;
  const content = id.endsWith('3') ? 'items' : 'text';
  const run = runs.get(id) ?? 0;
  switch (random.below(12)) {
    case 0:
    case 1:
      return { kind: 'open', id, content, meta: trustedJsonText('{"a":"\\n é"}') };
    case 2:
      return { kind: 'end', id, run, state: random.pick(['closed', 'failed', 'interrupted']), result: undefined };
    case 3:
      return { kind: 'cancel', id };
    case 4:
      return { kind: 'renew', id, run };
    default: {
      const word = 'é:"'.repeat(random.pick([1, 3, 900]));
      if (content === 'items') return { kind: 'append', id, run, body: '["é"]', length: 1 };
      return { kind: 'append', id, run, body: JSON.stringify(word).slice(1, -1), length: word.length };
    }
  }
}

describe('loading the answers of a channel', () => {
  test.each([1, 2, 3])('is the same at any time, seed %i', (seed) => {
    const random = new SeededRandom(seed);
    const one = new Channel();
    const runs = new Map<string, number>();
    one.commit([{ kind: 'open', id: 'answer 0', content: 'text' }], false);
    for (let n = 0; n < 150; n++) {
      one.nowMs += random.below(random.below(20) === 0 ? 70_000 : 300);
      if (random.below(150) === 0) one.life = `life ${n}`;
      if (random.below(30) === 0) one.coverPartly(random.unit());
      const changes = Array.from({ length: 1 + random.below(4) }, () => someChange(random, runs));
      const outcomes = one.commit(changes, one.answers.mustCover(one.nowMs) || random.below(30) === 0);
      const last = new Map<string, Extract<AnswerOutcome, { ok: true }>>();
      for (const [index, outcome] of outcomes.entries()) {
        const { id = '' } = changes[index] ?? {};
        if (outcome.ok) last.set(id, outcome);
        if (outcome.ok) runs.set(id, outcome.run);
      }
      // What the producers were told is what is kept, unless another one needed its room.
      for (const [id, { run, seq, length, state, isCancelled }] of last) {
        const { answer } = one.answers.get(id) ?? {};
        if (answer !== undefined) expect(answer).toMatchObject({ run, seq, length, state, isCancelled });
      }
      const { last: entry, covered } = one.answers;
      expect(entry.n - covered).toBeLessThan(numSlots);
      // Without the comparison of vitest, which takes long for what is long.
      if (!isDeepStrictEqual(known(one.stored.loading().made()), known(one.answers))) {
        expect([n, known(one.stored.loading().made())]).toEqual([n, known(one.answers)]);
      }
    }
    expect(one.answers.size).toBeGreaterThan(0);
  });

  test('what is forgotten stays so, although the server brings its messages back', () => {
    const one = new Channel();
    for (let n = 1; n <= 12; n++) {
      one.commit([{ kind: 'open', id: `answer ${n}`, content: 'text' }], n % 3 === 0);
      const run = one.answers.get(`answer ${n}`)?.answer.run ?? 0;
      one.commit([{ kind: 'end', id: `answer ${n}`, run, state: 'closed' }], false);
    }
    one.commit([{ kind: 'open', id: 'open', content: 'text' }], true);
    expect([one.answers.size, one.answers.get('answer 1')]).toEqual([5, undefined]);
    one.stored.bringBack();
    expect(known(one.stored.loading().made())).toEqual(known(one.answers));
  });

  test('what is missing is noticed', () => {
    const begun = () => {
      const one = new Channel();
      const open = (id: string): AnswerChange => ({ kind: 'open', id, content: 'text' });
      one.commit([open('a'), open('b')], false);
      const append: AnswerChange = { kind: 'append', id: 'a', run: 1, body: 'x'.repeat(20_000), length: 20_000 };
      one.commit([append], false);
      one.commit([{ kind: 'cancel', id: 'b' }], true);
      one.commit([{ kind: 'append', id: 'b', run: 2, body: 'y', length: 1 }], false);
      return one;
    };
    expect(known(begun().stored.loading().made())).toEqual(known(begun().answers));
    const needed = [
      names.entry(channel, 3),
      names.head(channel, 1),
      names.head(channel, 2),
      ...[0, 1, 2].map((index) => names.piece(channel, 1, index)),
    ];
    for (const subject of needed) {
      const one = begun();
      one.stored.drop(subject);
      expect([subject, one.stored.loading().made()]).toEqual([subject, undefined]);
    }
    // Nothing that was covered is needed any more.
    const one = begun();
    for (const slot of [1, 2]) one.stored.drop(names.entry(channel, slot));
    expect(one.stored.loading().made()?.size).toBe(2);
  });

  test('in another life of the servers what has not ended is interrupted, and no number comes again', () => {
    const one = new Channel();
    one.commit(
      ['open', 'ended'].map((id): AnswerChange => ({ kind: 'open', id, content: 'text' })),
      false,
    );
    one.commit([{ kind: 'append', id: 'open', run: 1, seq: 1, body: 'x', length: 1 }], false);
    one.commit([{ kind: 'end', id: 'ended', run: 2, state: 'closed' }], false);
    one.life = 'next';
    const append: AnswerChange = { kind: 'append', id: 'open', run: 1, seq: 2, body: 'y', length: 1 };
    expect(one.commit([append], false)).toEqual([{ ok: false, why: 'fenced', seq: 0 }]);
    const { answer } = one.answers.get('open') ?? {};
    expect(answer).toMatchObject({ state: 'interrupted', body: 'x', seq: 0 });
    expect(answer?.run).toBeGreaterThan(1_000_000);
    expect([answer?.number, answer?.offset]).toEqual([answer?.run, answer?.run]);
    expect(one.answers.get('ended')?.answer).toMatchObject({ state: 'closed', number: 2, offset: 4 });
    expect(known(one.stored.loading().made())).toEqual(known(one.answers));
  });
});
