/** What tests do to the answers of one channel, over any broker that keeps them. */

import { expect } from 'vitest';
import { AnswerProducer } from '../../../src/engine/channels/answer-producer.js';
import type { AnswerChange, AnswerLimits, AnswerOutcome } from '../../../src/engine/ports/answer-store.js';
import type { KeptAnswers } from '../../../src/engine/ports/broker.js';
import { type AnswerPart, joinParts, textAddition } from '../../../src/model/answer-part.js';
import type { ChannelName } from '../../../src/model/channel-name.js';
import type { FaultProxy } from '../network/fault-proxy.js';
import { ports, type started } from './suites.js';

export const limits: AnswerLimits = { size: 100, ttlMs: 60_000, maxLength: 1_000_000, silenceMs: 60_000 };

interface Keeper {
  readonly answers: KeptAnswers;
}

type Steady = Keeper & { subscribe(channel: ChannelName): Promise<void> };
type Events = Awaited<ReturnType<typeof started>>['events'];

export function answersIn(room: ChannelName) {
  const open = ({ answers }: Keeper, id = 'a') => answers.change(room, { kind: 'open', id, content: 'text' }, limits);
  return {
    open,

    async runOf(broker: Keeper, id = 'a'): Promise<number> {
      const outcome = await open(broker, id);
      if (!outcome.ok) throw new Error(outcome.why);
      return outcome.run;
    },

    append({ answers }: Keeper, run: number, text: string, id = 'a', seq?: number): Promise<AnswerOutcome> {
      return answers.change(room, { kind: 'append', id, run, seq, ...textAddition(text) }, limits);
    },

    async bodies({ answers }: Keeper): Promise<Record<string, string>> {
      const { publications } = await answers.history.read(room, { limit: 100, reverse: false });
      return Object.fromEntries(publications.map(({ part }) => [part?.id ?? '', part?.body ?? '']));
    },

    /**
     * Appends at a node whose way to the broker is cut at some of them, and checks what another node has heard.
     * @returns what is kept, as that node reads it
     */
    async appendOverCuts(
      { broker: steady, events }: { readonly broker: Steady; readonly events: Events },
      { answers }: Keeper,
      way: FaultProxy,
      { appends, cutEvery }: { readonly appends: number; readonly cutEvery: number },
    ) {
      await steady.subscribe(room);
      const change = async (one: AnswerChange) => {
        const outcome = await answers.change(room, one, limits);
        if (!outcome.ok) throw new Error(outcome.why);
        return outcome;
      };
      const status = await change({ kind: 'open', id: 'a', content: 'text' });
      const terms = { content: 'text', maxLength: 1_000_000, everyMs: 0, silenceMs: 60_000, cancel: 'nobody' } as const;
      const producer = new AnswerProducer({
        clock: ports.clock,
        terms: { ...terms, aloneMs: undefined },
        id: 'a',
        status,
        change,
        onEnd: () => undefined,
      });
      let whole = '';
      for (let n = 0; n < appends; n++) {
        const text = `${n}é `;
        whole += text;
        const appended = producer.append(textAddition(text));
        if (n % cutEvery === 15) {
          await way.cut();
          way.restore();
        }
        await appended;
      }
      await producer.end('closed');
      const parts = () => events.publications(room).map(({ publication }) => publication.part as AnswerPart);
      await events.until(() => parts().at(-1)?.state === 'closed');
      const read = await steady.answers.get(room, 'a');
      expect(read?.part.body).toBe(whole);
      expect(parts().reduce(joinParts).body).toBe(whole);
      expect(events.offsets(room)).toEqual(parts().map((_, n) => n + 1));
      return read;
    },
  };
}
