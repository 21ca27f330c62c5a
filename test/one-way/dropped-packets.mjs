/**
 * Runs in a network of its own: consumers connect to a server, then the network goes away without a word. Prints how long
 * the server took to notice, of each kind of consumer.
 */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:http2';
import { channel, fanfare } from '../../dist/index.js';

const [certFile, keyFile] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const left = new Map();
let downMs = 0;

const kinds = {
  async one_way_sse({ url }) {
    const [response] = await once(get(`${url}/sse?channels=news`), 'response');
    response.on('error', () => {}).resume();
  },
  async one_way_stream({ url }) {
    const [response] = await once(get(`${url}/stream?channels=news`), 'response');
    response.on('error', () => {}).resume();
  },
  async http2({ url }) {
    const session = connect(url, { ca: readFileSync(certFile) }).on('error', () => {});
    const stream = session.request({ ':path': '/sse?channels=news' }).on('error', () => {});
    await once(stream, 'response');
    stream.resume();
  },
};

for (const [kind, open] of Object.entries(kinds)) {
  const app = fanfare({
    anonymous: true,
    transports: { oneWay: true },
    limits: { pingIntervalMs: 3_000, pongTimeoutMs: 2_000 },
    log,
    channels: { news: channel({ subscribe: 'anyone' }) },
    on: { disconnected: (_, { code }) => left.set(kind, { code, afterMs: Math.round(performance.now() - downMs) }) },
  });
  const tls = kind === 'http2' ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : undefined;
  await open(await app.listen(0, { ...(tls && { tls }) }));
}

// Two rounds of pings: a network that is well keeps everybody.
await new Promise((resolve) => setTimeout(resolve, 7_000));
const early = left.size;
downMs = performance.now();
execFileSync('ip', ['link', 'set', 'lo', 'down']);
const deadline = setTimeout(report, 12_000);
const timer = setInterval(() => left.size === Object.keys(kinds).length && report(), 50);

function report() {
  clearTimeout(deadline);
  clearInterval(timer);
  console.log(JSON.stringify({ early, left: Object.fromEntries(left) }));
  process.exit(0);
}
