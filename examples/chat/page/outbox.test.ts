import { describe, expect, it } from 'vitest';
import { Outbox, type SendOutcome } from './outbox.js';

interface Attempt {
  readonly id: string;
  readonly answer: (outcome: SendOutcome) => Promise<void>;
}

/** An outbox whose attempts the test answers. */
function makeOutbox() {
  const attempts: Attempt[] = [];
  const outbox = new Outbox(
    ({ id }) =>
      new Promise((resolve) => {
        attempts.push({
          id,
          async answer(outcome) {
            resolve(outcome);
            // Enough turns of microtasks for the await in the outbox and what follows it.
            for (let turn = 0; turn < 4; turn++) await Promise.resolve();
          },
        });
      }),
    () => {},
  );
  const add = (id: string) => outbox.add({ id, text: id, sentAtMs: 0 });
  const waiting = () => outbox.items.map(({ id }) => id);
  const attempted = () => attempts.map(({ id }) => id);
  const answer = async (outcome: SendOutcome) => attempts.at(-1)?.answer(outcome);
  return { outbox, add, waiting, attempted, answer };
}

describe('Outbox', () => {
  it('waits for a connection, then sends one after the other, and lets go of what comes back', async () => {
    const { outbox, add, waiting, attempted, answer } = makeOutbox();
    add('a');
    add('b');
    expect(attempted()).toEqual([]);
    outbox.open();
    expect(attempted()).toEqual(['a']);
    await answer({ kind: 'sent' });
    expect(attempted()).toEqual(['a', 'b']);
    expect(waiting()).toEqual(['a', 'b']);
    outbox.confirmed('a');
    await answer({ kind: 'sent' });
    outbox.confirmed('b');
    expect(waiting()).toEqual([]);
  });

  it('sends again on the next connection what may not have arrived, and not before', async () => {
    const { outbox, add, attempted, answer } = makeOutbox();
    outbox.open();
    add('a');
    add('b');
    await answer({ kind: 'unknown' });
    expect(attempted()).toEqual(['a']);
    outbox.open();
    await answer({ kind: 'sent' });
    expect(attempted()).toEqual(['a', 'a', 'b']);
  });

  it('does not send again what has come back', async () => {
    const { outbox, add, attempted, answer } = makeOutbox();
    outbox.open();
    add('a');
    await answer({ kind: 'unknown' });
    outbox.confirmed('a');
    outbox.open();
    expect(attempted()).toEqual(['a']);
  });

  it('goes on after a refusal, and tries it again when told to', async () => {
    const { outbox, add, waiting, attempted, answer } = makeOutbox();
    outbox.open();
    add('a');
    add('b');
    await answer({ kind: 'refused', reason: 'too long' });
    await answer({ kind: 'sent' });
    expect(outbox.items[0]).toEqual({ id: 'a', text: 'a', sentAtMs: 0, refusal: 'too long' });
    outbox.retry('a');
    expect(outbox.items[0]).toEqual({ id: 'a', text: 'a', sentAtMs: 0 });
    expect(attempted()).toEqual(['a', 'b', 'a']);
    outbox.discard('a');
    expect(waiting()).toEqual(['b']);
  });

  it('goes on with a new connection while an answer of the former one is still due', async () => {
    const { outbox, add, attempted, answer } = makeOutbox();
    outbox.open();
    add('a');
    outbox.close();
    outbox.open();
    await answer({ kind: 'unknown' });
    expect(attempted()).toEqual(['a', 'a']);
  });
});
