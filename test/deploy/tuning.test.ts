/** Kernel and descriptor limits: settings that this kernel has, taken by a network namespace of the test's own. */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { Folder } from '../cli/fanfare-process.js';

const execute = promisify(execFile);
const folder = fileURLToPath(new URL('../../deploy/', import.meta.url));

interface Setting {
  readonly key: string;
  readonly value: string;
  /** Not everywhere. */
  readonly isOptional: boolean;
}

const lines = readFileSync(`${folder}tuning/99-fanfare.conf`, 'utf8').split('\n');
const settings = lines
  .filter((line) => !/^(#|$)/.test(line))
  .map((line): Setting => {
    const [, dash = '', key = '', value = ''] = /^(-?)([a-z][\w.-]+) = (\S.*)$/.exec(line) ?? [];
    return { key, value, isOptional: dash === '-' };
  });
const pathOf = ({ key }: Setting) => `/proc/sys/${key.replaceAll('.', '/')}`;
const number = (key: string) => Number(settings.find((setting) => setting.key === key)?.value);

/** Those that each network namespace has for itself, and the kernel lets be changed there. */
const isOfNamespace = ({ key }: Setting) =>
  key === 'net.core.somaxconn' || (key.startsWith('net.ipv4.') && !/tcp_[rw]mem/.test(key));

describe('sysctl', () => {
  it.each(settings)('$key = $value is a setting that the kernel has', (setting) => {
    expect(setting.key).not.toBe('');
    if (setting.isOptional && !existsSync(pathOf(setting))) return;
    expect(existsSync(pathOf(setting))).toBe(true);
    // As many numbers as there are.
    const present = readFileSync(pathOf(setting), 'utf8').trim();
    if (present !== '') expect(setting.value.split(' ')).toHaveLength(present.split(/\s+/).length);
  });

  test('no setting is there twice', () => expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length));

  // Only root can make one without more ado.
  test.skipIf(process.getuid?.() !== 0)('a network takes what it is told', async () => {
    const own = settings.filter(isOfNamespace);
    expect(own.length).toBeGreaterThan(6);
    using place = new Folder();
    const file = place.write('99-fanfare.conf', own.map(({ key, value }) => `${key} = ${value}\n`).join(''));
    const read = own.map(({ key }) => key).join(' ');
    const script = `sysctl --quiet --load '${file}' && sysctl --values ${read}`;
    const { stdout } = await execute('unshare', ['--net', 'sh', '-c', script]);
    const values = stdout
      .trim()
      .split('\n')
      .map((value) => value.replace(/\s+/g, ' '));
    expect(values).toEqual(own.map(({ value }) => value));
  });
});

test('descriptors: what one file grants, the one below it allows', () => {
  const limits = [
    ...readFileSync(`${folder}tuning/limits.conf`, 'utf8').matchAll(/^(\w+) +(soft|hard) +nofile (\d+)$/gm),
  ];
  expect(limits.map(([, user, kind]) => `${user} ${kind}`)).toEqual(['fanfare soft', 'fanfare hard']);
  const grants = [
    ...limits.map(([, , , count]) => Number(count)),
    Number(/^LimitNOFILE=(\d+)$/m.exec(readFileSync(`${folder}systemd/fanfare.service`, 'utf8'))?.[1]),
    Number(/^worker_rlimit_nofile (\d+);$/m.exec(readFileSync(`${folder}nginx/nginx.conf`, 'utf8'))?.[1]),
  ];
  for (const grant of grants) expect(grant).toBeLessThanOrEqual(number('fs.nr_open'));
  expect(number('fs.nr_open')).toBeLessThanOrEqual(number('fs.file-max'));
  // Each connection of a worker has two.
  const connections = Number(/worker_connections (\d+);/.exec(readFileSync(`${folder}nginx/nginx.conf`, 'utf8'))?.[1]);
  expect(connections * 2).toBeLessThanOrEqual(grants.at(-1) ?? 0);
});
