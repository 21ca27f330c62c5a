/** The files for Docker Compose and Kubernetes: they are what their schemas say, and what one says fits the other. */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import type { Config } from '../../src/config/config.js';
import { testSecret } from '../cli/fanfare-process.js';
import { accepted } from '../support/config/loaded.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';
import { testFolder } from '../support/programs/test-folder.js';
import { readDockerfile } from './dockerfile.js';

const execute = promisify(execFile);
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: documents that a schema has been checked against, by others
type Document = Record<string, any>;

/** As `fanfare serve --config` would take it; the files with keys are elsewhere. */
function configOf(text: string): Promise<Config> {
  return accepted({ files: { key: testSecret, 'fanfare.yaml': text.replace(/File: \/[\w/.-]+/g, 'File: key') } });
}

/** All clients are sent away within the part of the deadline that there is for it, at the rate that is configured. */
function leaveInTime({ values }: Config): void {
  const { 'shutdown.clientsPerSec': clientsPerSec = 0, 'limits.maxConnections': most } = values;
  const forPacingMs = (values['shutdown.deadline'] - values['shutdown.delay']) * 0.6;
  expect(most).toBeGreaterThan(0);
  expect((most / clientsPerSec) * 1_000).toBeLessThanOrEqual(forPacingMs);
}

describe('Kubernetes', () => {
  const folder = `${deploy}kubernetes/`;
  const files = readdirSync(folder);
  const documents = files.flatMap((file) =>
    parseAllDocuments(readFileSync(folder + file, 'utf8')).map((document): Document => document.toJS()),
  );
  const the = (kind: string): Document => {
    const found = documents.find((document) => document.kind === kind);
    if (found === undefined) throw new Error(`no ${kind}`);
    return found;
  };

  // Strict: a field that is not in the schema is refused. The oldest version in which all of it is stable, and the newest.
  test.skipIf(pythonIsMissing()).each(['1.34', '1.37'])('is what the schemas of version %s say', async (version) => {
    const paths = files.map((file) => folder + file);
    const { stdout } = await execute(pythonProgram('kubernetes-validate'), ['--strict', '-k', version, ...paths]);
    expect(stdout.match(/passed/g)).toHaveLength(documents.length);
  });

  test.skipIf(pythonIsMissing())('a field that is misspelt would be found', async () => {
    const text = readFileSync(`${folder}deployment.yaml`, 'utf8').replace('minReadySeconds', 'minReadySecond');
    const file = join(testFolder({ 'deployment.yaml': text }), 'deployment.yaml');
    const checked = execute(pythonProgram('kubernetes-validate'), ['--strict', file]);
    await expect(checked).rejects.toMatchObject({ code: 1 });
  });

  const pod = () => the('Deployment').spec.template.spec;
  const container = () => pod().containers[0];

  test('the time that a pod has to end is that of preStop and the deadline, and a little more', async () => {
    const config = await configOf(the('ConfigMap').data['fanfare.yaml']);
    leaveInTime(config);
    const preStopSec = container().lifecycle.preStop.sleep.seconds;
    const neededSec = preStopSec + config.values['shutdown.deadline'] / 1_000 + 2;
    expect(pod().terminationGracePeriodSeconds).toBeGreaterThanOrEqual(neededSec);
    // By then readiness has failed, or the pod is off the lists of the load balancers.
    const { periodSeconds, failureThreshold } = container().readinessProbe;
    expect(preStopSec).toBeGreaterThan(periodSeconds * failureThreshold);
  });

  test('ports, probes and services are those that the configuration opens', async () => {
    const { values } = await configOf(the('ConfigMap').data['fanfare.yaml']);
    const ports = new Map<string, number>(container().ports.map((port: Document) => [port.name, port.containerPort]));
    expect(ports).toEqual(
      new Map([
        ['clients', values.port],
        ['internal', values['internal.port']],
      ]),
    );
    expect([values.host, values['internal.host']]).toEqual(['0.0.0.0', '0.0.0.0']);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(ports.has(container()[probe].httpGet.port)).toBe(true);
      expect(['/health/live', '/health/ready']).toContain(container()[probe].httpGet.path);
    }
    const labels = the('Deployment').spec.template.metadata.labels;
    for (const service of documents.filter(({ kind }) => kind === 'Service')) {
      expect(labels).toMatchObject(service.spec.selector);
      for (const { targetPort } of service.spec.ports) expect(ports.has(targetPort)).toBe(true);
    }
    for (const kind of ['PodDisruptionBudget', 'Deployment'])
      expect(labels).toMatchObject(the(kind).spec.selector.matchLabels);
    const annotations = the('Deployment').spec.template.metadata.annotations;
    expect(Number(annotations['prometheus.io/port'])).toBe(values['internal.port']);
  });

  test('keys are where the configuration looks for them, and no variable of a Service is taken for an option', () => {
    const text: string = the('ConfigMap').data['fanfare.yaml'];
    const mounts: string[] = container().volumeMounts.map((mount: Document) => mount.mountPath);
    for (const [, path = ''] of text.matchAll(/File: (\/[\w/.-]+)\/[\w.-]+/g)) expect(mounts).toContain(path);
    expect(container().args).toEqual(['serve', '--config', '/etc/fanfare/fanfare.yaml']);
    expect(mounts).toContain('/etc/fanfare');
    expect(pod().enableServiceLinks).toBe(false);
  });

  test('the ingress reaches the paths of clients and nothing else; it scales by connections', async () => {
    const { values } = await configOf(the('ConfigMap').data['fanfare.yaml']);
    const paths: string[] = the('Ingress').spec.rules[0].http.paths.map(({ path }: Document) => path);
    expect(paths).toEqual(['/connection', '/emulation']);
    const [{ pods }] = the('HorizontalPodAutoscaler').spec.metrics;
    expect(pods.metric.name).toBe('fanfare_connections');
    expect(readFileSync(`${deploy}../docs/operations/metrics.md`, 'utf8')).toContain('`fanfare_connections`');
    expect(Number(pods.target.averageValue)).toBeLessThanOrEqual(values['limits.maxConnections'] / 2);
  });

  test('nothing runs as root or may write to its disk', () => {
    expect(pod().securityContext.runAsNonRoot).toBe(true);
    expect(container().securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const user = readDockerfile(readFileSync(`${deploy}docker/Dockerfile`, 'utf8')).find(({ name }) => name === 'USER');
    expect(String(pod().securityContext.runAsUser)).toBe(user?.text);
  });
});

describe('Docker Compose', () => {
  const path = `${deploy}compose/compose.yaml`;
  const compose: Document = parseYaml(readFileSync(path, 'utf8'), { merge: true });
  const config = () => configOf(readFileSync(`${deploy}compose/fanfare.yaml`, 'utf8'));
  const nodes = ['node1', 'node2', 'node3'];

  test.skipIf(pythonIsMissing())('is what the schema says', async () => {
    await execute(pythonProgram('check-jsonschema'), ['--builtin-schema', 'vendor.compose-spec', path]);
  });

  test('files that are mounted or built from are there, except for the keys', () => {
    const mounts = Object.values<Document>(compose.services).flatMap(({ volumes = [] }) => volumes as string[]);
    const files = mounts.map((mount) => mount.split(':')[0] ?? '').filter((file) => !file.startsWith('./secrets/'));
    expect(files.length).toBeGreaterThanOrEqual(5);
    for (const file of [...files, '../docker/Dockerfile'])
      expect(existsSync(`${deploy}compose/${file}`), file).toBe(true);
    const { context, dockerfile } = compose.services.node1.build;
    expect(existsSync(`${deploy}compose/${context}/${dockerfile}`)).toBe(true);
  });

  it.each(['fanfare.conf', 'fanfare-sticky.conf'])('the nodes that nginx knows by %s are services', async (file) => {
    const { values } = await config();
    const servers = [...readFileSync(`${deploy}nginx/${file}`, 'utf8').matchAll(/^ {2}server (\S+):(\d+)/gm)];
    expect(servers.map(([, name]) => name)).toEqual(nodes);
    for (const [, name = '', port] of servers) {
      expect(compose.services[name].image).toBe('fanfare');
      expect(Number(port)).toBe(values.port);
    }
  });

  test('nginx has every file where its configuration looks for it', () => {
    const mounted: string[] = compose.services.nginx.volumes.map((mount: string) => mount.split(':')[1]);
    const texts = ['nginx.conf', 'fanfare.conf', 'site.conf'].map((file) =>
      readFileSync(`${deploy}nginx/${file}`, 'utf8'),
    );
    const wanted = [...texts.join('\n').matchAll(/^\s*(?:include|ssl_certificate\w*) +(\/etc\/nginx\/[^*;]+);/gm)];
    expect(wanted).toHaveLength(4);
    for (const [, file] of wanted) expect(mounted).toContain(file);
  });

  test('containers are given the time that the nodes take', async () => {
    const { values } = await config();
    leaveInTime(await config());
    for (const node of nodes) {
      const seconds = Number(/^(\d+)s$/.exec(compose.services[node].stop_grace_period)?.[1]);
      expect(seconds * 1_000).toBeGreaterThanOrEqual(values['shutdown.deadline'] + 2_000);
    }
    expect(values.trustProxies).toEqual([compose.networks.fleet.ipam.config[0].subnet]);
  });

  test('keys are secrets that the configuration names', () => {
    const text = readFileSync(`${deploy}compose/fanfare.yaml`, 'utf8');
    const wanted = [...text.matchAll(/File: \/run\/secrets\/([\w.-]+)/g)].map(([, name]) => name);
    expect(wanted.sort()).toEqual([...compose.services.node1.secrets].sort());
    expect(Object.keys(compose.secrets).sort()).toEqual(wanted);
  });
});
