/**
 * `npm run test:deploy:long`: 5,000 clients, 500 publications a second, three nodes that are replaced one by one. Shows
 * where it is, writes figures and a page, and fails when a guarantee does not hold.
 *
 *     npm run test:deploy:long -- --proxy haproxy --broker nats --clients 1000 --from HEAD~20 --out /tmp/rolling
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defined } from '../../../src/model/defined.js';
import { brokerServers } from '../../support/brokers/servers.js';
import { haproxy, nginx } from '../deployed-proxy.js';
import type { Second } from './load.js';
import { OtherVersion } from './other-version.js';
import { pageOf, verdictOf } from './report.js';
import { runRollingDeploy } from './rolling-deploy.js';

const { values } = parseArgs({
  options: {
    proxy: { type: 'string', default: 'nginx' },
    broker: { type: 'string', default: 'redis' },
    clients: { type: 'string', default: '5000' },
    publications: { type: 'string', default: '500' },
    rate: { type: 'string', default: '150' },
    /** The commit whose version is replaced by this one. */
    from: { type: 'string' },
    out: { type: 'string', default: join(tmpdir(), 'fanfare-rolling-deploy') },
  },
});

const broker = new Map(Object.entries(brokerServers)).get(values.broker);
if (broker === undefined) throw new Error(`--broker is one of ${Object.keys(brokerServers).join(', ')}`);
const channelsPerClient = 1;
const readersPerChannel = 10;
const maxExitMs = 30_000;

function positive(name: 'clients' | 'publications' | 'rate'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`--${name} has to be a whole number of 1 or more`);
}
const clients = positive('clients');
const [publicationsPerSec, clientsPerSec] = [positive('publications'), positive('rate')];

const isTerminal = process.stderr.isTTY;
const beganMs = performance.now();

function show(step: string, second: Second | undefined): void {
  const figures =
    second === undefined
      ? ''
      : ` · ${second.connected.toLocaleString('en')} clients · ${second.deliveries.toLocaleString('en')} deliveries/s`;
  const line = `${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(3)} s · ${step}${figures}`;
  process.stderr.write(isTerminal ? `\r\x1b[2K${line}` : `${line}\n`);
}

const size = {
  clients,
  channelsPerClient,
  numChannels: Math.max(1, Math.round((clients * channelsPerClient) / readersPerChannel)),
  httpClients: Math.min(20, Math.floor(clients / 10)),
  processes: 2,
  publicationsPerSec,
  clientsPerSec,
  delay: values.proxy === 'haproxy' ? '3s' : '0s',
  deadline: '30s',
  calmMs: 5_000,
};
const fleet = {
  broker,
  ...(values.proxy === 'haproxy'
    ? { deployment: haproxy, nodes: 'fanfare.cfg' }
    : { deployment: nginx, nodes: 'fanfare.conf' }),
};

async function main(): Promise<void> {
  using old = values.from === undefined ? undefined : await OtherVersion.build(values.from);
  const outcome = await runRollingDeploy({
    ...size,
    ...fleet,
    onProgress: show,
    ...defined({ oldScript: old?.script }),
  });
  const verdict = verdictOf(outcome, size, maxExitMs);
  mkdirSync(values.out, { recursive: true });
  const { seconds, replacements } = outcome;
  const { proxy, broker: over, from } = values;
  const report = { ...size, proxy, broker: over, from, verdict, seconds, replacements };
  writeFileSync(join(values.out, 'report.json'), JSON.stringify(report));
  writeFileSync(join(values.out, 'report.html'), pageOf(outcome, size, verdict));
  process.stderr.write('\n');
  console.log(JSON.stringify(verdict, null, 2));
  console.log(`figures and charts: ${values.out}`);
  if (verdict.violations.length > 0) process.exitCode = 1;
}

await main();
