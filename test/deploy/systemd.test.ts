/** The systemd unit: systemd's own checks, and its commands run as it would run them. */

import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { command, FanfareProcess, Folder, testSecret } from '../cli/fanfare-process.js';
import { areMissing } from '../support/programs/missing.js';

const execute = promisify(execFile);
const folder = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const unit = readFileSync(`${folder}fanfare.service`, 'utf8');
const systemd = '/usr/bin/systemd-analyze';

/** Values of a key, in order. */
function valuesOf(key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

test.skipIf(areMissing('systemd-analyze', systemd))('systemd finds nothing wrong with it', async () => {
  using place = new Folder();
  // Programs have to be there; where they are on this machine.
  const path = place.write('fanfare.service', unit.replaceAll('/usr/bin/node', process.execPath));
  const { stdout, stderr } = await execute(systemd, ['verify', '--man=no', '--recursive-errors=no', path]);
  // What is said of other units of this machine is not about ours.
  expect((stdout + stderr).split('\n').filter((line) => line.includes('fanfare'))).toEqual([]);
});

test.skipIf(areMissing('systemd-analyze', systemd))('its exposure is low: at most 1.5 of 10', async () => {
  const path = `${folder}fanfare.service`;
  // Exits with 1 above the threshold, in tenths.
  const { stdout } = await execute(systemd, ['security', '--offline=true', '--threshold=15', '--no-pager', path]);
  expect(stdout).toContain('fanfare.service');
});

test('its commands start, reload and stop the server with the configuration beside it', async () => {
  using place = new Folder();
  for (const credential of valuesOf('LoadCredential')) place.write(credential.split(':')[0] ?? '', testSecret);
  const configuration = readFileSync(`${folder}fanfare.yaml`, 'utf8')
    .replaceAll('/run/credentials/fanfare.service/', `${place.path}/`)
    // A node without a fleet, on ports that are free.
    .replace(/^broker: .*$/m, 'broker: memory')
    .replace('port: 9000', 'port: 0');
  place.write('fanfare.yaml', `${configuration}\nport: 0\n`);
  const [program, script, ...args] = (valuesOf('ExecStart')[0] ?? '').split(' ');
  expect([program, script]).toEqual(['/usr/bin/node', '/opt/fanfare/node_modules/fanfare/dist/cli/main.js']);
  const here = args.map((argument) => argument.replace('/etc/fanfare/', `${place.path}/`));
  await using server = new FanfareProcess(here, { script: command });
  const url = await server.listening();
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const [kill = '', ...reload] = (valuesOf('ExecReload')[0] ?? '').split(' ');
  spawn(
    kill,
    reload.map((word) => word.replace('$MAINPID', String(server.child.pid))),
    { stdio: 'ignore' },
  );
  await server.seen('stderr', /configuration reloaded/);
  server.signal(valuesOf('KillSignal')[0] as NodeJS.Signals);
  expect((await server.exited).code).toBe(0);
});

test('it gives the time that the server takes, and the descriptors', () => {
  const configuration = readFileSync(`${folder}fanfare.yaml`, 'utf8');
  const [, deadlineSec] = /deadline: (\d+)s/.exec(configuration) ?? [];
  const [, clientsPerSec] = /clientsPerSec: (\d+)/.exec(configuration) ?? [];
  const [, delaySec] = /delay: (\d+)s/.exec(configuration) ?? [];
  const [, most] = /maxConnections: (\d+)/.exec(configuration) ?? [];
  expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(Number(deadlineSec) + 2);
  expect(Number(most) / Number(clientsPerSec)).toBeLessThanOrEqual((Number(deadlineSec) - Number(delaySec)) * 0.6);
  expect(Number(valuesOf('LimitNOFILE')[0])).toBeGreaterThan(2 * Number(most));
});
