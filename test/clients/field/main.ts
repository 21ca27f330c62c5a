/**
 * `npm run test:clients`: installs the clients of every language, asks each what it does at its defaults, and fails where that
 * is not what results.json, and so docs/guide/clients.md, says. About 20 minutes, most of them in waiting.
 *
 *     npm run test:clients -- --only go,java --quick --write
 *
 * `--only`: languages, kinds or ids of clients; `--quick`: nothing that takes a minute of silence; `--silence`: that alone;
 * `--installed`: installs nothing; `--write`: the results become the new ones.
 */

import { parseArgs } from 'node:util';
import { catalogue, type FieldClient } from './catalogue.js';
import { install, languages } from './install.js';
import { type ClientResult, mergeResults, readResults } from './results.js';
import { eventFacts, streamFacts, streamPatience } from './stream-facts.js';
import { webSocketFacts, webSocketPatience } from './websocket-facts.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    silence: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    installed: { type: 'boolean', default: false },
  },
});
const patienceSec = 75;
/** That wait at the same time. */
const waitingAtOnce = 16;

const only = values.only?.split(',');
const beganMs = performance.now();
const show = (text: string) =>
  process.stderr.write(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(4)} s · ${text}\n`);

if (!values.installed) {
  for (const language of languages) {
    show(`installing what is written in ${language}`);
    install(language);
  }
}
const clients = catalogue().filter(
  ({ id, language, kind }) => only === undefined || [id, language, kind].some((one) => only.includes(one)),
);
const known = readResults();
/** What was found, by client. */
const found = new Map<string, Partial<ClientResult>>();
const problems: string[] = [];

function keep(client: FieldClient, part: 'facts' | 'patience', facts: unknown): void {
  const { id, kind, name, version } = client;
  const before = known.find((result) => result.id === id);
  if (!isSame(before?.[part], facts))
    problems.push(`${id}: ${part}\n  was ${JSON.stringify(before?.[part])}\n  is  ${JSON.stringify(facts)}`);
  const date = new Date().toISOString().slice(0, 10);
  found.set(id, { ...found.get(id), id, kind, name, version, date, [part]: facts } as Partial<ClientResult>);
}

async function attempt(client: FieldClient, part: 'facts' | 'patience', ask: () => Promise<unknown>): Promise<void> {
  try {
    keep(client, part, await ask());
  } catch (error) {
    problems.push(`${client.id}: ${part}: ${error instanceof Error ? error.stack : error}`);
  }
}

/** Each client is asked by one of several workers. */
async function forEach(asked: readonly FieldClient[], workers: number, ask: (client: FieldClient) => Promise<void>) {
  let [next, done] = [0, 0];
  const work = async () => {
    for (let client = asked[next++]; client !== undefined; client = asked[next++]) {
      await ask(client);
      show(`${++done} of ${asked.length}: ${client.name} ${client.version}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

show('what they do');
await forEach(values.silence ? [] : clients, 3, (client) =>
  attempt(client, 'facts', () => {
    const { kind, command } = client;
    if (kind === 'websocket') return webSocketFacts(command);
    return kind === 'events' ? eventFacts(command) : streamFacts(command, 'lines');
  }),
);
show('what they do in silence');
const waiting = values.quick ? [] : [...clients].sort((a, b) => (b.patienceSec ?? 0) - (a.patienceSec ?? 0));
await forEach(waiting, waitingAtOnce, (client) =>
  attempt(client, 'patience', () => {
    const { kind, command, patienceSec: ownSec = patienceSec } = client;
    return kind === 'websocket' ? webSocketPatience(command, ownSec) : streamPatience(command, kind, ownSec);
  }),
);

if (values.write) {
  mergeResults(
    catalogue().map(({ id }) => id),
    found,
  );
  show('results.json is written; `npx vitest run test/clients -u` writes the page');
}
for (const problem of problems) console.log(problem);
if (problems.length > 0 && !values.write) process.exitCode = 1;
else show(`${clients.length} clients`);

/**
 * Whether two runs of a client have shown the same. What people's versions of things, and the load of a machine, change:
 * texts are passed over, seconds may differ a little.
 */
function isSame(before: unknown, after: unknown, key = ''): boolean {
  if (key === 'text') return true;
  if (typeof before === 'number' && typeof after === 'number' && key.endsWith('Sec'))
    return Math.abs(before - after) <= Math.max(1.5, before / 5);
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return before === after;
  const [left, right] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...left.keys(), ...right.keys()])].every((name) => isSame(left.get(name), right.get(name), name));
}
