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
import { chatTalk } from '../support/aws/chat-talk.js';
import { EmulatedFunctions } from '../support/aws/emulated-functions.js';
import { FunctionPool } from '../support/aws/function-pool.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';

/** Of each page. */
const messages = Number(process.env.CHAT_MESSAGES ?? 12);
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
      await chatTalk({
        ada,
        bo,
        messages,
        meanwhile: (said) => {
          if (kills === 0 && said % 4 === 2) functions.gateway.cutAll();
          // Spread over everything that is said, the last one before the end: sometimes nobody is at work.
          const due = Math.min(kills, Math.floor((said / (0.95 * messages)) * kills));
          if (pool !== undefined && pool.numKilled < due) pool.kill((count) => random.below(Math.max(1, count)));
        },
      });
      expect(pool?.numKilled ?? 0).toBe(kills);
    },
    60_000 + messages * 4_000 + kills * 8_000,
  );
});
