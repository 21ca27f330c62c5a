/** The systemd unit: systemd's own checks, and its commands run as it would run them. */

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { command, FanfareProcess, testSecret } from '../cli/fanfare-process.js';
import { isMissing } from '../support/programs/proxy-process.js';

const execute = promisify(execFile);
const folder = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const unit = readFileSync(`${folder}fanfare.service`, 'utf8');
const systemd = { name: 'systemd-analyze', path: '/usr/bin/systemd-analyze' };

/** Values of a key, in order. */
function valuesOf(key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

test.skipIf(isMissing(systemd))('systemd finds nothing wrong with it', async () => {
  const place = mkdtempSync(join(tmpdir(), 'fanfare-unit-'));
  try {
    const path = join(place, 'fanfare.service');
    // Programs have to be there; where they are on this machine.
    writeFileSync(path, unit.replaceAll('/usr/bin/node', process.execPath));
    const { stdout, stderr } = await execute(systemd.path, ['verify', '--man=no', '--recursive-errors=no', path]);
    // What is said of other units of this machine is not about ours.
    expect((stdout + stderr).split('\n').filter((line) => line.includes('fanfare'))).toEqual([]);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

test.skipIf(isMissing(systemd))('its exposure is low: at most 1.5 of 10', async () => {
  const path = `${folder}fanfare.service`;
  // Exits with 1 above the threshold, in tenths.
  const { stdout } = await execute(systemd.path, ['security', '--offline=true', '--threshold=15', '--no-pager', path]);
  expect(stdout).toContain('fanfare.service');
});

test('its commands start, reload and stop the server with the configuration beside it', async () => {
  const place = mkdtempSync(join(tmpdir(), 'fanfare-unit-'));
  try {
    const key = (name: string) => writeFileSync(join(place, name), testSecret, { mode: 0o600 });
    for (const credential of valuesOf('LoadCredential')) key(credential.split(':')[0] ?? '');
    const configuration = readFileSync(`${folder}fanfare.yaml`, 'utf8')
      .replaceAll('/run/credentials/fanfare.service/', `${place}/`)
      // A node without a fleet, on ports that are free.
      .replace(/^broker: .*$/m, 'broker: memory')
      .replace('port: 9000', 'port: 0');
    writeFileSync(join(place, 'fanfare.yaml'), `${configuration}\nport: 0\n`);
    const [program, script, ...args] = (valuesOf('ExecStart')[0] ?? '').split(' ');
    expect([program, script]).toEqual(['/usr/bin/node', '/opt/fanfare/node_modules/fanfare/dist/cli/main.js']);
    const here = args.map((argument) => argument.replace('/etc/fanfare/', `${place}/`));
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
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
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
