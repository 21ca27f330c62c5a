/** The certificate is followed through its renewals: files that are written anew, and links that are moved. */

import { copyFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { makeCertificate } from '../../test/support/programs/certificate.js';
import { testFolder } from '../../test/support/programs/test-folder.js';
import type { CertificateConfig } from '../config/tls-config.js';
import { silentLogger } from '../engine/ports/logger.js';
import { CertificateWatch } from './certificate-watch.js';

function certificate() {
  const made = makeCertificate();
  onTestFinished(() => made[Symbol.dispose]());
  return made;
}

function follow(folder: string, current: CertificateConfig) {
  const used: CertificateConfig[] = [];
  const warnings: object[] = [];
  const clock = new FakeClock();
  const watch = new CertificateWatch({
    folder,
    clock,
    log: { ...silentLogger, warn: (fields) => warnings.push(fields) },
    use: (next) => used.push(next),
  });
  onTestFinished(() => watch.close());
  watch.follow({ certFile: 'cert.pem', keyFile: 'key.pem' }, current);
  return { used, warnings, watch, look: () => clock.advance(5_000) };
}

describe('a certificate', () => {
  test('that is written anew is put into force once it fits its key', async () => {
    const [old, next] = [certificate(), certificate()];
    const path = testFolder();
    copyFileSync(old.certFile, join(path, 'cert.pem'));
    copyFileSync(old.keyFile, join(path, 'key.pem'));
    const { used, warnings, look } = follow(path, old);
    await look();
    expect([used, warnings]).toEqual([[], []]);
    writeFileSync(join(path, 'cert.pem'), next.cert);
    await look();
    await look();
    expect([used, warnings]).toEqual([[], [{ option: 'tls.keyFile', reason: 'is not the key of the certificate' }]]);
    writeFileSync(join(path, 'key.pem'), next.key);
    await look();
    await look();
    expect(used).toEqual([{ cert: next.cert, key: next.key }]);
  });

  test('behind links that are moved is put into force', async () => {
    const [old, next] = [certificate(), certificate()];
    const path = testFolder();
    symlinkSync(join(old.certFile, '..'), join(path, 'live'));
    symlinkSync('live/cert.pem', join(path, 'cert.pem'));
    symlinkSync('live/key.pem', join(path, 'key.pem'));
    const { used, look } = follow(path, old);
    symlinkSync(join(next.certFile, '..'), join(path, 'new'));
    renameSync(join(path, 'new'), join(path, 'live'));
    await look();
    expect(used).toEqual([{ cert: next.cert, key: next.key }]);
  });
});
