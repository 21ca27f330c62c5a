/**
 * The deployed function in AWS' own runtime client and emulator of the Runtime API, over DynamoDB, behind the emulated
 * gateway: two clients talk. Prints what a cold start and an event take by the emulator's reports.
 */

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EmulatedApiGateway } from '../../support/aws/api-gateway.js';
import { bundleDeployed } from '../../support/aws/deployed-bundle.js';
import { DynamoDbServer } from '../../support/aws/dynamodb-server.js';
import { LambdaSandboxes } from '../../support/aws/lambda-sandboxes.js';
import { buildRuntimePrograms, missingTools } from '../../support/aws/runtime-programs.js';
import { talk } from '../../support/aws/talk.js';
import { skipLoudly } from '../../support/programs/missing.js';

const key = 'a key of at least thirty-two bytes, for tests';
const table = 'fanfare';

async function main(): Promise<void> {
  const missing = missingTools();
  if (missing.length > 0) {
    skipLoudly('the runtime client of Lambda', `it is built from its sources, with ${missing.join(', ')}`);
    return;
  }
  const programs = buildRuntimePrograms();
  // Inside of the checkout: AWS' SDK is found above it, as it is in Lambda.
  const task = fileURLToPath(new URL('../../../.cache/pinned/lambda-runtime/task', import.meta.url));
  mkdirSync(task, { recursive: true });
  await bundleDeployed(task);
  await using dynamoDb = await DynamoDbServer.start();
  await dynamoDb.createTable(table);
  let sandboxes: LambdaSandboxes | undefined;
  await using gateway = await EmulatedApiGateway.start({ invoke: async (event) => sandboxes?.invoke(event) });
  const env = {
    TABLE: table,
    TOKEN_KEY: key,
    ORIGINS: 'https://example.com',
    ENDPOINT: gateway.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
  };
  await using running = await LambdaSandboxes.start(4, { programs, task, handler: 'app.handler', env });
  sandboxes = running;
  await talk({ endpoint: gateway.url, key, messages: 30, cut: () => gateway.cutAll() });
  await gateway.settled();
  const { startMs, eventMs } = running.reported;
  const figures = { coldStartMs: median(startMs), events: eventMs.length, eventMs: median(eventMs) };
  console.log(
    `runtime client: two clients and a cut: everything there, in one order, once: ${JSON.stringify(figures)}`,
  );
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

await main();
