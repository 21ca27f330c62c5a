/** The certificate is followed through its renewals: files that are written anew, and links that are moved. */

import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificate.js';
import type { CertificateConfig } from '../config/tls-config.js';
import { silentLogger } from '../engine/logger.js';
import { CertificateWatch } from './certificate-watch.js';

const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

function certificate() {
  const made = makeCertificate();
  toClose.push(() => made[Symbol.dispose]());
  return made;
}

function follow(folder: string) {
  const used: CertificateConfig[] = [];
  const warnings: object[] = [];
  const watch = new CertificateWatch({
    folder,
    log: { ...silentLogger, warn: (fields) => warnings.push(fields) },
    intervalMs: 20,
    use: (next) => used.push(next),
  });
  toClose.push(() => watch.close());
  watch.follow({ certFile: 'cert.pem', keyFile: 'key.pem' });
  return { used, warnings, watch };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fanfare-watch-'));
  toClose.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('a certificate', () => {
  test('that is written anew is put into force once it fits its key', async () => {
    const [old, next] = [certificate(), certificate()];
    const path = folder();
    copyFileSync(old.certFile, join(path, 'cert.pem'));
    copyFileSync(old.keyFile, join(path, 'key.pem'));
    const { used, warnings } = follow(path);
    writeFileSync(join(path, 'cert.pem'), next.cert);
    await expect.poll(() => warnings).toEqual([{ option: 'tls.keyFile', reason: 'is not the key of the certificate' }]);
    expect(used).toEqual([]);
    writeFileSync(join(path, 'key.pem'), next.key);
    await expect.poll(() => used).toEqual([{ cert: next.cert, key: next.key }]);
  });

  test('behind links that are moved is put into force', async () => {
    const [old, next] = [certificate(), certificate()];
    const path = folder();
    symlinkSync(join(old.certFile, '..'), join(path, 'live'));
    symlinkSync('live/cert.pem', join(path, 'cert.pem'));
    symlinkSync('live/key.pem', join(path, 'key.pem'));
    const { used } = follow(path);
    symlinkSync(join(next.certFile, '..'), join(path, 'new'));
    renameSync(join(path, 'new'), join(path, 'live'));
    await expect.poll(() => used.at(-1)).toEqual({ cert: next.cert, key: next.key });
  });
});
