/**
 * A second opinion on our emulator of API Gateway: deploy/aws/serverless.yml in serverless-offline. Two of the official
 * client talk over the function that it deploys, and two pages of the chat example over another one in its place. `npm run test:functions`
 * installs what it needs.
 */

import { fileURLToPath } from 'node:url';
import { describe, onTestFinished, test } from 'vitest';
import { ChatVisitor } from '../browser/chat-visitor.js';
import { chatTalk } from '../support/aws/chat-talk.js';
import { Distribution } from '../support/aws/distribution.js';
import { DynamoDbServer, dynamoDbIsMissing } from '../support/aws/dynamodb-server.js';
import { ServerlessOffline, type ServerlessOfflineOptions } from '../support/aws/serverless-offline.js';
import { talk } from '../support/aws/talk.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { chromiumIsMissing, launchBrowser } from '../support/programs/browser.js';

/** Of each page. */
const messages = Number(process.env.OFFLINE_MESSAGES ?? 0);
const cutEveryMs = 20_000;
const sweepEveryMs = 500;

/** The function, with what stands in front of it. */
async function start(options: ServerlessOfflineOptions): Promise<Distribution> {
  const offline = await ServerlessOffline.start(options);
  onTestFinished(() => offline[Symbol.asyncDispose]());
  const distribution = await Distribution.start(offline.port);
  onTestFinished(() => distribution[Symbol.asyncDispose]());
  keepSweeping(offline);
  return distribution;
}

/** One sweep after the other, until the test is over. */
function keepSweeping(offline: ServerlessOffline): void {
  let isOver = false;
  const swept = (async () => {
    while (!isOver) {
      await offline.sweep();
      await new Promise((resolve) => setTimeout(resolve, sweepEveryMs));
    }
  })();
  // Told at the end.
  swept.catch(() => undefined);
  onTestFinished(async () => {
    isOver = true;
    await swept;
  });
}

describe.skipIf(messages === 0)('functions in serverless-offline', () => {
  test.skipIf(dynamoDbIsMissing())(
    'the function that is deployed, over DynamoDB: two clients talk, and a cut loses and repeats nothing',
    async () => {
      const dynamoDb = await DynamoDbServer.start();
      onTestFinished(() => dynamoDb[Symbol.asyncDispose]());
      await dynamoDb.createTable(ServerlessOffline.table);
      const distribution = await start({ env: { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint } });
      const endpoint = distribution.url.replace('http', 'ws');
      const { key } = ServerlessOffline;
      await talk({ endpoint, key, messages: Math.min(messages, 50), cut: () => distribution.cutAll() });
    },
    600_000,
  );

  test.skipIf(chromiumIsMissing() || redisIsMissing())(
    'the chat example, over Redis: two pages whose connections are cut have everything, in one order, once',
    async () => {
      const redis = await RedisServer.start();
      onTestFinished(() => redis[Symbol.asyncDispose]());
      const source = fileURLToPath(new URL('../support/aws/offline-chat.ts', import.meta.url));
      const distribution = await start({ source, env: { REDIS_URL: redis.url } });
      const browser = await launchBrowser();
      onTestFinished(() => browser.close());
      const { url } = distribution;
      const ada = await ChatVisitor.enter(browser, { url, room: 'talk', name: 'Ada' });
      const bo = await ChatVisitor.enter(browser, { url, room: 'talk', name: 'Bo' });
      let cutAtMs = performance.now();
      let numCut = 0;
      const meanwhile = () => {
        if (performance.now() < cutAtMs + cutEveryMs) return;
        cutAtMs = performance.now();
        numCut++;
        distribution.cutAll();
      };
      await chatTalk({ ada, bo, messages, meanwhile });
      console.log(`${messages} messages of each page, ${numCut} cuts: everything there, in one order, once`);
    },
    300_000 + messages * 4_000,
  );
});
