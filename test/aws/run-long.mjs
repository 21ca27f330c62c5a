// @ts-check
/**
 * The long form of the tests of functions, one after the other: 200 kills, the chat with 1,000 messages of each page, the
 * official client's scenarios over DynamoDB, and sockets that last 30 seconds. Arguments choose some of them by name.
 */
import { spawnSync } from 'node:child_process';

const all = {
  kills: { file: 'aws/killed-functions', env: { FUNCTION_KILLS: '200' } },
  chat: { file: 'aws/browser', env: { CHAT_MESSAGES: '1000', CHAT_KILLS: '60' } },
  scenarios: { file: 'aws/dynamodb', env: { FANFARE_TEST_COMBINATIONS: 'all' } },
  held: { file: 'attach/short-connections', env: { SHORT_CONNECTION_MS: '30000', SHORT_CLIENTS: '200' } },
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in all));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}`);
  process.exit(2);
}

let failed = false;
for (const [name, { file, env }] of Object.entries(all)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  // What is set already narrows or repeats it.
  const done = spawnSync('npx', ['vitest', 'run', `test/${file}.test.ts`], {
    stdio: 'inherit',
    env: { ...env, ...process.env },
  });
  if (done.status !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;
