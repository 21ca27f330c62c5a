/** Maven, for the loads of deploy/gatling and deploy/jmeter. It downloads nothing: scripts/install-system.sh does that before. */

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { skipLoudly } from './missing.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const repository = `${root}.cache/maven`;

/** Whether tests have to be left out because Maven, a JDK or what these projects depend on is not there. */
export function mavenIsMissing(...projects: readonly string[]): boolean {
  const [missing] = ['mvn', 'javac'].filter((name) => spawnSync(name, ['-version']).status !== 0);
  if (missing !== undefined)
    return skipLoudly('loads by Gatling and JMeter', `no ${missing}: scripts/install-system.sh installs it`);
  const outdated = projects.find((project) => !isInstalled(project));
  if (outdated === undefined) return false;
  return skipLoudly(
    'loads by Gatling and JMeter',
    `.cache/maven lacks what ${outdated} depends on: scripts/install-system.sh installs it`,
  );
}

/** The copy of the project's file is made when everything is there. */
function isInstalled(project: string): boolean {
  const copy = `${repository}/${project.replaceAll('/', '-')}.xml`;
  return existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync(`${root}${project}/pom.xml`, 'utf8');
}

/** What a run of Maven came to. */
export interface MavenRun {
  readonly code: number;
  readonly output: string;
}

/** Runs Maven to its end, without the network. */
export async function runMaven(args: readonly string[], env: Readonly<Record<string, string>>): Promise<MavenRun> {
  const offline = ['--offline', '--batch-mode', `-Dmaven.repo.local=${repository}`];
  const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 26, timeout: 100_000 };
  try {
    const { stdout } = await promisify(execFile)('mvn', [...offline, ...args], options);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: unknown; stdout: string }; // safe: what execFile rejects with
    if (typeof code !== 'number') throw error;
    return { code, output: stdout };
  }
}
