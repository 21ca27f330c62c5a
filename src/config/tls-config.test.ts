/** What is said of files that are no certificate, no key, or do not go together; never anything of a key. */

import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/programs/certificate.js';
import { readCertificate } from './tls-config.js';

const [own, other] = [makeCertificate(), makeCertificate()];
afterAll(() => {
  own[Symbol.dispose]();
  other[Symbol.dispose]();
});
const folder = dirname(own.certFile);
writeFileSync(join(folder, 'note.pem'), 'no PEM');

test('gives what is in the files, relative to the folder', () => {
  const expected = { ok: true, certificate: { cert: own.cert, key: own.key }, warnings: [] };
  expect(readCertificate({ certFile: 'cert.pem', keyFile: 'key.pem' }, folder)).toEqual(expected);
});

test.each([
  [{ certFile: 'nowhere.pem', keyFile: 'key.pem' }, 'certFile'],
  [{ certFile: 'note.pem', keyFile: 'key.pem' }, 'certFile'],
  [{ certFile: 'key.pem', keyFile: 'key.pem' }, 'certFile'],
  [{ certFile: 'cert.pem', keyFile: 'nowhere.pem' }, 'keyFile'],
  [{ certFile: 'cert.pem', keyFile: 'cert.pem' }, 'keyFile'],
  [{ certFile: 'cert.pem', keyFile: other.keyFile }, 'keyFile'],
])('B107: of %o the fault is in %s', (files, key) => {
  const outcome = readCertificate(files, folder);
  expect(outcome).toMatchObject({ ok: false, key });
  expect(JSON.stringify(outcome)).not.toContain('BEGIN');
});

test('B111: a key that everybody can read is warned of', () => {
  chmodSync(own.keyFile, 0o644);
  expect(readCertificate({ certFile: 'cert.pem', keyFile: 'key.pem' }, folder)).toMatchObject({
    ok: true,
    warnings: [expect.stringContaining('chmod 600')],
  });
  chmodSync(own.keyFile, 0o600);
});
