/** What two pages of the chat say to each other while things happen, and what both must have in the end. */

import { expect } from 'vitest';
import type { ChatVisitor } from '../../browser/chat-visitor.js';

/** The page keeps the last 500 lines, so that it is read after each round. */
const perRound = 100;

export interface ChatTalkOptions {
  readonly ada: ChatVisitor;
  readonly bo: ChatVisitor;
  /** Of each page. */
  readonly messages: number;
  /** Called when both have said so many. */
  readonly meanwhile: (said: number) => void;
}

/** Everything is on both pages, in one order, once, and both see each other. */
export async function chatTalk({ ada, bo, messages, meanwhile }: ChatTalkOptions): Promise<void> {
  const visitors = [ada, bo] as const;
  const seeEachOther = () => Promise.all(visitors.map((visitor) => visitor.seesPeople('Ada', 'Bo')));
  await seeEachOther();
  let numSaid = 0;
  for (let from = 0; from < messages; from += perRound) {
    const said: string[] = [];
    for (let n = from; n < Math.min(messages, from + perRound); n++) {
      for (const [who, visitor] of [['Ada', ada] as const, ['Bo', bo] as const]) {
        said.push(`${who} ${n}`);
        await visitor.say(`${who} ${n}`);
      }
      meanwhile(n + 1);
    }
    // A message whose fate the page does not know says so, and can be said again: it comes later.
    const again = await settled(visitors, said);
    const [adas, bos] = await Promise.all(visitors.map((visitor) => visitor.texts()));
    const ofRound = (texts: readonly string[] = []) => texts.filter((text) => said.includes(text));
    expect(ofRound(adas)).toEqual(ofRound(bos));
    expect([...ofRound(adas)].sort()).toEqual([...said].sort());
    for (const who of ['Ada', 'Bo']) {
      const isTheirs = (text: string) => text.startsWith(who) && !again.has(text);
      expect(ofRound(adas).filter(isTheirs)).toEqual(said.filter(isTheirs));
    }
    numSaid += said.length;
  }
  expect(numSaid).toBe(2 * messages);
  await seeEachOther();
  expect(await Promise.all(visitors.map(({ gaps }) => gaps.count()))).toEqual([0, 0]);
  expect(visitors.flatMap(({ faults }) => faults)).toEqual([]);
}

/** Waits until all pages show all of it as said; whatever one of them could not send is said again. @returns that */
async function settled(visitors: readonly ChatVisitor[], said: readonly string[]): Promise<ReadonlySet<string>> {
  const again = new Set<string>();
  await expect
    .poll(
      async () => {
        for (const visitor of visitors) for (const text of await visitor.sayFailedAgain()) again.add(text);
        return Promise.all(
          visitors.map(async (visitor) => {
            const shown = new Set(await visitor.texts());
            return [said.filter((text) => !shown.has(text)), await visitor.unsent.count()];
          }),
        );
      },
      // One after the other, and some only when they are said again.
      { timeout: 60_000 + said.length * 1_000, interval: 250 },
    )
    .toEqual(visitors.map(() => [[], 0]));
  return again;
}
