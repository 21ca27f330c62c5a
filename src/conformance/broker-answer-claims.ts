/** What a broker that keeps answers promises: each change is one step, and what is kept is what was delivered, joined. */

import { strict as assert } from 'node:assert';
import type { AnswerChange, AnswerLimits, AnswerOutcome } from '../engine/ports/answer-store.js';
import type { KeptAnswers } from '../engine/ports/broker.js';
import { type AnswerPart, joinParts, textAddition } from '../model/answer-part.js';
import { payloadJson } from '../model/payload.js';
import { type Claim, text, type World } from './broker-claim.js';

const limits: AnswerLimits = { size: 3, ttlMs: 60_000, maxLength: 1_000, silenceMs: 10_000 };

function storeOf({ broker: { answers } }: World): KeptAnswers {
  assert.ok(answers, 'the broker keeps answers');
  return answers;
}

function change(world: World, made: AnswerChange): Promise<AnswerOutcome> {
  return storeOf(world).change(world.channel, made, limits);
}

async function opened(world: World, id = 'a'): Promise<number> {
  const outcome = await change(world, { kind: 'open', id, content: 'text', meta: text({ of: id }) });
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.run;
}

function append(world: World, run: number, added: string, seq?: number, id = 'a'): Promise<AnswerOutcome> {
  return change(world, { kind: 'append', id, run, seq, ...textAddition(added) });
}

function close(world: World, run: number, seq?: number, id = 'a'): Promise<AnswerOutcome> {
  return change(world, { kind: 'end', id, run, seq, state: 'closed', result: text({ done: true }) });
}

function why(outcome: AnswerOutcome): string {
  return outcome.ok ? (outcome.duplicate ? 'duplicate' : 'made') : outcome.why;
}

/** Its text, or `undefined` without it. */
async function textOf(world: World, id = 'a'): Promise<string | undefined> {
  const read = await storeOf(world).get(world.channel, id);
  // safe: the body of a text is what is between its quotes
  return read && (JSON.parse(`"${read.part.body}"`) as string);
}

/** What was delivered of each answer, joined. */
function heard({ events, channel }: World): Map<number, AnswerPart> {
  const found = new Map<number, AnswerPart>();
  for (const { publication } of events.publications(channel)) {
    const { part } = publication;
    assert.ok(part, 'a part is delivered');
    const older = found.get(part.answer);
    assert.equal(part.from, older === undefined ? 0 : older.length, 'parts follow each other');
    found.set(part.answer, older === undefined ? part : joinParts(older, part));
  }
  return found;
}

export function answerClaims(claim: Claim): void {
  claim('parts of an answer are delivered at consecutive offsets, and joined they are what is kept', async (world) => {
    const { broker, channel, events, settle } = world;
    await broker.subscribe(channel);
    const run = await opened(world);
    for (const added of ['He said "', '\\ \u2028🎺', '" \n'])
      assert.equal(why(await append(world, run, added)), 'made');
    assert.equal(why(await close(world, run, 3)), 'made');
    await settle();
    const offsets = events.publications(channel).map(({ publication }) => publication.offset);
    assert.deepEqual(offsets, [1, 2, 3, 4, 5]);
    const read = await storeOf(world).get(channel, 'a');
    assert.deepEqual([...heard(world).values()], [read?.part]);
    assert.equal(await textOf(world), 'He said "\\ \u2028🎺" \n');
    assert.deepEqual([read?.state, read?.length, read?.position.offset], ['closed', 17, 5]);
    const { publications, top } = await storeOf(world).history.read(channel, { limit: 10, reverse: false });
    assert.deepEqual(
      publications.map(({ offset, part }) => [offset, part]),
      [[5, read?.part]],
    );
    assert.equal(top.offset, 5);
  });

  claim('an append that is repeated is made once, and one too early or after the end is refused', async (world) => {
    const run = await opened(world);
    const outcomes = [
      await append(world, run, 'a', 1),
      await append(world, run, 'a', 1),
      await append(world, run, 'c', 3),
      await append(world, run, 'b', 2),
      await close(world, run, 3),
      await close(world, run, 2),
      await close(world, run, 2),
      await append(world, run, 'b', 2),
      await append(world, run, 'c', 3),
    ];
    assert.deepEqual(outcomes.map(why), [
      'made',
      'duplicate',
      'gap',
      'made',
      'gap',
      'made',
      'duplicate',
      'duplicate',
      'ended',
    ]);
    assert.equal(await textOf(world), 'ab');
  });

  claim('the last that opens an answer writes it, and those before are refused', async (world) => {
    const first = await opened(world);
    await append(world, first, 'one', 1);
    const second = await opened(world);
    assert.ok(second > first);
    assert.equal(why(await append(world, first, ' lost', 2)), 'fenced');
    assert.equal(why(await append(world, second, ' two', 1)), 'made');
    assert.equal(why(await close(world, first)), 'fenced');
    assert.equal(why(await close(world, second)), 'made');
    assert.equal(await textOf(world), 'one two');
    assert.equal(why(await change(world, { kind: 'open', id: 'a', content: 'text', run: second })), 'ended');
    assert.equal(why(await change(world, { kind: 'open', id: 'a', content: 'text' })), 'ended');
    assert.equal(why(await append(world, 1, 'x', 1, 'nobody')), 'absent');
  });

  claim('a producer that comes back goes on in its run, if it is still the last', async (world) => {
    const again = (run: number) => change(world, { kind: 'open', id: 'a', content: 'text', run });
    assert.equal(why(await again(1)), 'absent');
    const first = await opened(world);
    await append(world, first, 'a', 1);
    const back = await again(first);
    assert.ok(back.ok && back.run === first && back.seq === 1, JSON.stringify(back));
    assert.equal(why(await append(world, first, 'a', 1)), 'duplicate');
    await opened(world);
    assert.equal(why(await again(first)), 'fenced');
  });

  claim('appends of racing producers are those of one at a time', async (world) => {
    const { broker, channel, settle } = world;
    await broker.subscribe(channel);
    const runs = await Promise.all(['a', 'a', 'a'].map((id) => opened(world, id)));
    await Promise.all(runs.flatMap((run) => [1, 2, 3].map((seq) => append(world, run, `${run}.${seq} `, seq))));
    await settle();
    const last = Math.max(...runs);
    assert.equal(await textOf(world), [1, 2, 3].map((seq) => `${last}.${seq} `).join(''));
    const read = await storeOf(world).get(channel, 'a');
    assert.equal([...heard(world).values()][0]?.body, read?.part.body);
  });

  claim('an answer whose producer is silent is interrupted, and goes on with it or with another', async (world) => {
    const { broker, channel, advance, settle } = world;
    await broker.subscribe(channel);
    const run = await opened(world);
    await append(world, run, 'a', 1);
    await advance(6_000);
    await change(world, { kind: 'renew', id: 'a', run });
    await advance(6_000);
    assert.equal((await storeOf(world).get(channel, 'a'))?.state, 'open');
    await advance(6_000);
    assert.equal((await storeOf(world).get(channel, 'a'))?.state, 'interrupted');
    await settle();
    assert.equal([...heard(world).values()][0]?.state, 'interrupted');
    assert.equal(why(await append(world, run, 'b', 2)), 'made');
    assert.equal((await storeOf(world).get(channel, 'a'))?.state, 'open');
    await change(world, { kind: 'end', id: 'a', run, state: 'interrupted' });
    const next = await opened(world);
    await append(world, next, 'c', 1);
    await settle();
    assert.equal(await textOf(world), 'abc');
    assert.equal([...heard(world).values()][0]?.state, 'open');
  });

  claim('a cancellation is told with each outcome, and delivered to nobody', async (world) => {
    const { broker, channel, events, settle } = world;
    await broker.subscribe(channel);
    const run = await opened(world);
    assert.equal(why(await change(world, { kind: 'cancel', id: 'a' })), 'made');
    assert.equal(why(await change(world, { kind: 'cancel', id: 'a' })), 'duplicate');
    const outcome = await append(world, run, 'a', 1);
    assert.ok(outcome.ok && outcome.isCancelled);
    await close(world, run);
    assert.equal(why(await change(world, { kind: 'cancel', id: 'a' })), 'ended');
    assert.equal(why(await change(world, { kind: 'cancel', id: 'b' })), 'absent');
    await settle();
    assert.equal(events.publications(channel).length, 3);
  });

  claim('the history has the answers that have changed since, and says when one is forgotten', async (world) => {
    const { channel, advance } = world;
    const { history } = storeOf(world);
    const first = await opened(world, 'a');
    await opened(world, 'b');
    const before = (await history.read(channel, { limit: 0, reverse: false })).top;
    assert.equal(before.offset, 2);
    await append(world, first, 'more');
    const since = await history.read(channel, { limit: 10, since: before, reverse: false });
    assert.deepEqual([since.publications.map(({ part }) => part?.id), since.continuous], [['a'], true]);
    const newest = await history.read(channel, { limit: 1, reverse: true });
    assert.deepEqual(
      newest.publications.map(({ part }) => part?.id),
      ['a'],
    );
    await opened(world, 'c');
    assert.equal(why(await change(world, { kind: 'open', id: 'd', content: 'text' })), 'full');
    await close(world, first);
    await opened(world, 'd');
    const all = await history.read(channel, { limit: 10, reverse: false });
    assert.deepEqual(
      all.publications.map(({ part }) => part?.id),
      ['b', 'c', 'd'],
    );
    assert.equal((await history.read(channel, { limit: 10, since: before, reverse: false })).continuous, false);
    assert.equal((await history.read(channel, { limit: 10, since: all.top, reverse: false })).continuous, true);
    const above = { ...all.top, offset: all.top.offset + 1 };
    assert.equal((await history.read(channel, { limit: 10, since: above, reverse: false })).continuous, false);
    const other = { offset: 1, epoch: 'another' };
    assert.equal((await history.read(channel, { limit: 10, since: other, reverse: false })).continuous, false);
    await advance(12_000);
    assert.equal((await storeOf(world).get(channel, 'd'))?.state, 'interrupted');
    await advance(61_000);
    assert.deepEqual((await history.read(channel, { limit: 10, reverse: false })).publications, []);
  });

  claim('a history that is removed has forgotten the answers that have ended, and none that is open', async (world) => {
    await append(world, await opened(world), 'over');
    await close(world, await opened(world));
    const run = await opened(world, 'b');
    await append(world, run, 'so far', 1, 'b');
    await storeOf(world).history.remove(world.channel);
    assert.equal(await textOf(world), undefined);
    assert.equal(why(await append(world, run, ', and on', 2, 'b')), 'made');
    assert.equal(await textOf(world, 'b'), 'so far, and on');
  });

  claim('an answer is no longer than it may be, and what is refused changes nothing', async (world) => {
    const run = await opened(world);
    assert.equal(why(await append(world, run, 'x'.repeat(900), 1)), 'made');
    assert.equal(why(await append(world, run, 'y'.repeat(200), 2)), 'long');
    assert.equal(why(await append(world, run, 'z', 2)), 'made');
    assert.equal((await textOf(world))?.length, 901);
  });

  claim('items of an answer are kept as they were', async (world) => {
    const outcome = await change(world, { kind: 'open', id: 'i', content: 'items' });
    assert.ok(outcome.ok);
    const { run } = outcome;
    const items = ['{"id":1234567890123456789,"f":1.0}', '[]', '"\\u00e9"'];
    for (const body of items) {
      const made = await change(world, { kind: 'append', id: 'i', run, body, length: 1 });
      assert.equal(why(made), 'made');
    }
    const { publications } = await storeOf(world).history.read(world.channel, { limit: 1, reverse: false });
    const [kept] = publications;
    // safe: parts are JSON
    const data = kept && payloadJson(kept.data as Parameters<typeof payloadJson>[0]);
    assert.equal(data, `{"s":1,"i":"i","d":[${items.join(',')}]}`);
  });
}
