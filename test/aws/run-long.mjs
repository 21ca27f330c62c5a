// @ts-check
/**
 * The long form of the tests of functions, one after the other: 200 kills, the chat with 1,000 messages of each page, the
 * official client's scenarios over DynamoDB, sockets that last 30 seconds; the deployed function in AWS' runtime client, and
 * with the chat in serverless-offline; projects of Nitro and Next.js, all installed for it alone. Arguments choose some of them by name.
 */
import { spawnSync } from 'node:child_process';

/** @type {Readonly<Record<string, { readonly args: readonly string[], readonly env?: Readonly<Record<string, string>> }>>} */
const all = {
  kills: { args: ['vitest', 'run', 'test/aws/killed-functions.test.ts'], env: { FUNCTION_KILLS: '200' } },
  chat: { args: ['vitest', 'run', 'test/aws/browser.test.ts'], env: { CHAT_MESSAGES: '1000', CHAT_KILLS: '60' } },
  scenarios: { args: ['vitest', 'run', 'test/aws/dynamodb.test.ts'], env: { FANFARE_TEST_COMBINATIONS: 'all' } },
  held: {
    args: ['vitest', 'run', 'test/attach/short-connections.test.ts'],
    env: { SHORT_CONNECTION_MS: '30000', SHORT_CLIENTS: '200' },
  },
  offline: { args: ['vitest', 'run', 'test/aws/serverless-offline.test.ts'], env: { OFFLINE_MESSAGES: '1000' } },
  nitro: {
    args: ['vitest', 'run', 'test/platforms/frameworks.test.ts'],
    env: { FRAMEWORK: 'nitro', FRAMEWORK_MESSAGES: '200' },
  },
  next: {
    args: ['vitest', 'run', 'test/platforms/frameworks.test.ts'],
    env: { FRAMEWORK: 'next', FRAMEWORK_MESSAGES: '200' },
  },
  runtime: { args: ['jiti', 'test/aws/long/runtime-client.ts'] },
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in all));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}`);
  process.exit(2);
}

const failed = Object.entries(all).flatMap(([name, { args, env }]) => {
  if (chosen.length > 0 && !chosen.includes(name)) return [];
  console.log(`\n== ${name}`);
  // What is set already narrows or repeats it.
  const { status } = spawnSync('npx', args, { stdio: 'inherit', env: { ...env, ...process.env } });
  return status === 0 ? [] : [name];
});
if (failed.length > 0) {
  console.error(`functions: failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
