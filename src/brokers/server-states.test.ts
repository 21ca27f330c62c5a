/** The table in the documentation of brokers has the same states as the code, with the same remedies. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { natsStates } from './nats/states.js';
import { rabbitmqStates } from './rabbitmq/states.js';
import { redisStates } from './redis/states.js';

const tables = { 'Redis, Valkey': redisStates, NATS: natsStates, RabbitMQ: rabbitmqStates };
const page = readFileSync(new URL('../../docs/operations/brokers.md', import.meta.url), 'utf8');
const lines = page.split('\n');

test('the page names each state and what ends it', () => {
  const at = lines.indexOf('| server | `state` in the log | what ends it (`remedy`) |');
  const rows = lines.slice(at + 2, lines.indexOf('', at));
  expect(rows).toEqual(
    Object.entries(tables).flatMap(([server, states]) =>
      states.map(({ name, remedy }) => `| ${server} | \`${name}\` | ${remedy} |`),
    ),
  );
});
