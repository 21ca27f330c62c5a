/**
 * The chat example, unchanged, in functions: two pages in Chromium talk, whose connections are cut again and again.
 * `npm run test:functions` has them talk for long, over functions that are killed between reading and writing state.
 */

import { type LambdaAnswer, type LambdaHandler, lambda, redisStore } from 'fanfare/aws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chatApp } from '../../examples/chat/app.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { ChatVisitor } from '../browser/chat-visitor.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { chatFiles } from '../support/aws/chat-page.js';
import { EmulatedFunctions } from '../support/aws/emulated-functions.js';
import { FunctionPool } from '../support/aws/function-pool.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';

/** Of each page. The page keeps the last 500 lines, so that it is read after each round. */
const messages = Number(process.env.CHAT_MESSAGES ?? 12);
const perRound = 100;
const kills = Number(process.env.CHAT_KILLS ?? 0);
const seed = Number(process.env.CHAOS_SEED ?? 7);
/** As connections end after two hours, and leases after ten seconds. */
const lifeMs = 20_000;
const times = { leaseMs: 2_000, lateMs: 1_500, orderMs: 200, presenceCheckMs: 5_000 };

/** Calls functions that can be killed. */
function killable(pool: FunctionPool): LambdaHandler {
  // safe: the function answers with it
  const handler = async (event: unknown) => (await pool.invoke(event as object)) as LambdaAnswer;
  return Object.assign(handler, { close: () => pool[Symbol.asyncDispose]() });
}

describe.skipIf(redisIsMissing() || chromiumIsMissing())('the chat example in functions', () => {
  const redis = shared(RedisServer.start);

  test(
    'two people talk while their connections are cut: everything is there, in one order, once',
    async () => {
      const random = new SeededRandom(seed);
      const stored = { url: redis().url, prefix: ownPrefix() };
      let pool: FunctionPool | undefined;
      const functions = await EmulatedFunctions.start({
        makeHandler: (endpoint) => {
          if (kills === 0) return lambda(chatApp({ log: silentLogger }), { store: redisStore(stored), endpoint });
          pool = new FunctionPool('chat', [stored.url, stored.prefix, endpoint, JSON.stringify(times)], 6);
          return killable(pool);
        },
        path: '/connection/websocket',
        manners: { doubled: 0.2, delayMs: 10, disconnects: 'sometimes late, twice or never', lifeMs },
        random: () => random.unit(),
        sweepMs: 500,
        // As the distribution in front of both would have it.
        page: chatFiles,
      });
      onTestFinished(() => functions[Symbol.asyncDispose]());
      const browser = await launchBrowser();
      onTestFinished(() => browser.close());
      const url = `http://127.0.0.1:${functions.gateway.port}`;
      const ada = await ChatVisitor.enter(browser, { url, room: 'talk', name: 'Ada' });
      const bo = await ChatVisitor.enter(browser, { url, room: 'talk', name: 'Bo' });
      const visitors = [ada, bo] as const;
      await Promise.all(visitors.map((visitor) => visitor.seesPeople('Ada', 'Bo')));

      let numSaid = 0;
      for (let from = 0; from < messages; from += perRound) {
        const said: string[] = [];
        for (let n = from; n < Math.min(messages, from + perRound); n++) {
          for (const [who, visitor] of [['Ada', ada] as const, ['Bo', bo] as const]) {
            said.push(`${who} ${n}`);
            await visitor.say(`${who} ${n}`);
          }
          if (kills === 0 && n % 4 === 1) functions.gateway.cutAll();
          // Spread over everything that is said.
          const due = Math.floor(((n + 1) / messages) * kills);
          if (pool !== undefined && pool.numKilled < due) pool.kill((count) => random.below(Math.max(1, count)));
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
      await Promise.all(visitors.map((visitor) => visitor.seesPeople('Ada', 'Bo')));
      expect(await Promise.all(visitors.map(({ gaps }) => gaps.count()))).toEqual([0, 0]);
      expect(visitors.flatMap(({ faults }) => faults)).toEqual([]);
      expect(pool?.numKilled ?? 0).toBe(kills);
    },
    60_000 + messages * 4_000 + kills * 8_000,
  );
});

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
