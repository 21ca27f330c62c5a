// @ts-check
/** The server's cost of a publication before it is delivered: compares two builds, in paired rounds. */
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { count, parseFlags, runCommand, UsageError } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';

const HELP = `Usage: node bench/publishing.mjs --before FOLDER [options]

CPU time of the server for each publication that it takes, over the HTTP API and from a client, in a channel with a
history and without subscribers or a schema. Both builds run in turn in each round.

  --before FOLDER  another checkout of Fanfare, built (npm ci && npm run build)
  --after FOLDER   the one to compare it with                      (this one)
  --only KIND      'HTTP API' or client                            (both)
  --rounds N       paired rounds; medians are reported             (9)
  --messages N     publications a round, of each kind and size     (10000)
  --help           this text`;

const API_KEY = 'benchmark-key-0123456789-0123456789';
const HERE = dirname(dirname(fileURLToPath(import.meta.url)));
/** Publications pending at a time. */
const WINDOW = 32;

/** @type {Record<string, unknown>} */
const PAYLOADS = {
  '24 bytes': { text: 'hello, world' },
  '215 bytes': {
    id: 12_345,
    user: { name: 'Ada Lovelace', avatar: 'https://example.com/a.png' },
    text: 'A chat message of a usual length, with a bit more in it.',
    tags: ['a', 'b', 'c'],
    at: 1_712_345_678_901.5,
    read: false,
    reply: null,
  },
  '3.6 kB of rows': {
    rows: Array.from({ length: 60 }, (_, id) => ({ id, name: `row ${id}`, price: id * 1.25, flags: [true] })),
  },
  '16 kB of text': { text: 'lorem ipsum '.repeat(1_365) },
};

/**
 * @param {string} url
 * @param {number} messages
 * @param {string} data
 */
async function publishByApi(url, messages, data) {
  const agent = new Agent({ keepAlive: true, maxSockets: WINDOW });
  const body = `{"channel":"room:api","data":${data}}`;
  const headers = {
    'Content-Type': 'application/json',
    'X-API-Key': API_KEY,
    'Content-Length': Buffer.byteLength(body),
  };
  let left = messages;
  const publishing = Array.from({ length: WINDOW }, async () => {
    while (left-- > 0) {
      await new Promise((done, fail) => {
        const sent = request(`${url}/api/publish`, { method: 'POST', agent, headers }, (response) => {
          if (response.statusCode !== 200) fail(new Error(`status ${response.statusCode}`));
          response.resume().on('end', done);
        });
        sent.on('error', fail).end(body);
      });
    }
  });
  await Promise.all(publishing);
  agent.destroy();
}

/**
 * @param {string} url
 * @param {number} messages
 * @param {string} data
 */
async function publishByClient(url, messages, data) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`);
  let sent = 0;
  let answered = 0;
  await new Promise((done, fail) => {
    const fill = () => {
      for (; sent < messages && sent - answered < WINDOW; sent++) {
        socket.send(`{"id":${sent + 2},"publish":{"channel":"room:client","data":${data}}}`);
      }
    };
    socket.on('open', () => socket.send('{"id":1,"connect":{}}'));
    socket.on('message', (frame) => {
      for (const line of String(frame).split('\n')) {
        if (line.startsWith('{"id":1,')) fill();
        else if (line.includes('"publish":{}')) answered++;
        else if (line === '{}') socket.send('{}');
        else fail(new Error(line));
      }
      if (answered === messages) done(undefined);
      else fill();
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('closed')));
  });
  socket.terminate();
}

const KINDS = { 'HTTP API': publishByApi, client: publishByClient };

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (Number(sorted[Math.floor((sorted.length - 1) / 2)]) + Number(sorted[Math.ceil((sorted.length - 1) / 2)])) / 2;
}

/** @param {string} build */
async function start(build) {
  if (!existsSync(join(build, 'dist', 'index.js'))) throw new UsageError(`${build} has no build`);
  process.env.FANFARE_BUILD = build;
  const child = new Child({ name: build, script: join(HERE, 'bench', 'servers', 'publishing.mjs'), core: null });
  const { url } = /** @type {{ url: string }} */ (await child.request('start', { apiKey: API_KEY }));
  return { child, url };
}

/** @param {{ before?: string, after?: string, only?: string, rounds?: string, messages?: string }} flags */
async function run({ before, after = HERE, only, rounds: givenRounds, messages: givenMessages }) {
  if (before === undefined) throw new UsageError('--before is missing');
  const rounds = count('rounds', givenRounds, 9);
  const messages = count('messages', givenMessages, 10_000);
  const servers = [await start(resolve(before)), await start(resolve(after))];
  try {
    console.log(`Node ${process.version}, ${rounds} rounds of ${messages} publications, CPU in µs each\n`);
    console.log('| from | data | before | after | change |\n|---|---|---|---|---|');
    for (const [kind, publish] of Object.entries(KINDS).filter(([name]) => only === undefined || name === only)) {
      for (const [size, payload] of Object.entries(PAYLOADS)) {
        const data = JSON.stringify(payload);
        /** @type {[number[], number[]]} */
        const costs = [[], []];
        // The first round warms both up and does not count.
        for (let round = 0; round <= rounds; round++) {
          for (const n of round % 2 === 0 ? [0, 1] : [1, 0]) {
            const { child, url } = /** @type {typeof servers[number]} */ (servers[n]);
            const startUs = await child.request('cpu');
            await publish(url, messages, data);
            const spentUs = Number(await child.request('cpu')) - Number(startUs);
            if (round > 0) costs[n]?.push(spentUs / messages);
          }
        }
        const [old, now] = costs;
        const change = median(now.map((cost, n) => cost / Number(old[n]))) - 1;
        const percent = `${change > 0 ? '+' : ''}${(change * 100).toFixed(1)} %`;
        console.log(`| ${kind} | ${size} | ${median(old).toFixed(1)} | ${median(now).toFixed(1)} | ${percent} |`);
      }
    }
  } finally {
    await Promise.all(servers.map(({ child }) => child.close()));
  }
  return 0;
}

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    before: { type: 'string' },
    after: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    messages: { type: 'string' },
  });
}

await runCommand({ help: HELP, read: readFlags, run });
