/** The loads of deploy/gatling and deploy/jmeter, by the commands of docs/operations/load-testing.md, in a short form. */

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FanfareProcess, Folder, testSecret } from '../cli/fanfare-process.js';
import { blocksOf, readPage, root } from '../docs/page.js';
import { type MavenRun, mavenIsMissing, runMaven } from '../support/programs/maven.js';
import { type Fault, PublicationRelay } from './publication-relay.js';

const env = {
  FANFARE_TOKEN_SECRET: testSecret,
  // For programs that run for seconds.
  JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
};
const users = 20;
const members = 5;
const messages = 3;
const due = users * members * messages;
/** Reports take longer than the load. */
const short = { users, members, messages, ramp: 1, every: 1, patience: 10, report: false, 'gatling.noReports': true };

/** The command of the page, for a load of this size. */
function commandOf(name: string): string[] {
  const lines = blocksOf(readPage('docs/operations/load-testing.md')).flatMap(({ text }) => text.split('\n'));
  const line = lines.find((text) => text.startsWith(`mvn -f deploy/${name} `));
  if (line === undefined) throw new Error(`the page does not say how to run ${name}`);
  return line.split(' ').filter((word) => word !== 'mvn' && !/^-D(url|users)=/.test(word));
}

interface Load extends MavenRun {
  /** As the server counts; `undefined`: it has no such metric. */
  readonly publications: number | undefined;
  readonly deliveries: number | undefined;
}

/** One load on a fresh server, in a copy of the folder: nothing is built in the repository. */
async function load(name: string, fault?: Fault): Promise<Load> {
  using place = new Folder();
  const project = `deploy/${name}`;
  const copy = join(place.path, name);
  cpSync(`${root}${project}`, copy, { recursive: true, filter: (path) => !path.endsWith('/target') });
  const args = ['serve', '--config', join(copy, 'fanfare.yaml'), '--port', '0', '--metrics'];
  await using server = new FanfareProcess(args, { env });
  const url = await server.listening();
  await using relay = await PublicationRelay.start(`${url.replace('http', 'ws')}/connection/websocket`, fault);
  const settings = Object.entries({ ...short, url: relay.url.replace('http', 'ws') });
  const run = await runMaven(
    [
      ...commandOf(name).map((word) => (word === project ? copy : word)),
      ...settings.map(([key, value]) => `-D${key}=${value}`),
    ],
    env,
  );
  const metrics = await (await fetch(`${url}/metrics`)).text();
  /** Over all rules. */
  const figure = (metric: string) => {
    const values = [...metrics.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\d+)$`, 'gm'))].map(([, value]) =>
      Number(value),
    );
    return values.length > 0 ? values.reduce((sum, value) => sum + value) : undefined;
  };
  return {
    ...run,
    publications: figure('fanfare_publications_in_total'),
    deliveries: figure('fanfare_publications_out_total'),
  };
}

const tools = ['gatling', 'jmeter'];

// All loads of a tool at once: each spends much of its time waiting.
describe.skipIf(mavenIsMissing(...tools.map((name) => `deploy/${name}`))).each(tools)('%s', (name) => {
  test.concurrent('each user gets each publication of its room once', { timeout: 300_000 }, async () => {
    const { code, output, publications, deliveries } = await load(name);
    expect(output).toContain(`deliveries: ${due} of ${due}`);
    expect(code, output).toBe(0);
    expect(publications).toBe(users * messages);
    expect(deliveries).toBe(due);
  });

  test.concurrent('the run fails when one delivery of all is lost', { timeout: 300_000 }, async () => {
    const { code, output, deliveries } = await load(name, 'lost');
    expect(output).toContain(`deliveries: ${due - 1} of ${due}`);
    expect(code).not.toBe(0);
    // The server has written all of them.
    expect(deliveries).toBe(due);
  });

  test.concurrent('the run fails when one delivery of all comes twice', { timeout: 300_000 }, async () => {
    const { code, output } = await load(name, 'repeated');
    expect(output).toMatch(/deliveries: \d+ of /);
    expect(output).not.toContain(`deliveries: ${due} of ${due}`);
    expect(code).not.toBe(0);
  });
});
