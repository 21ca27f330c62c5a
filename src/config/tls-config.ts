/** The certificate of the public port and its key, as files of PEM. */

import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { readTextFile } from './bounded-file.js';
import { quote } from './problem.js';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateConfig {
  readonly cert: string;
  readonly key: string;
}

type CertificateOutcome =
  | { readonly ok: true; readonly certificate: CertificateConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly key: keyof CertificateFiles; readonly message: string };

/** Includes the intermediate certificates. */
const maxFileBytes = 262_144;

/** @param folder the folder that the files are relative to */
export function readCertificate({ certFile, keyFile }: CertificateFiles, folder: string): CertificateOutcome {
  const cert = readTextFile(resolve(folder, certFile), maxFileBytes);
  if (!cert.ok) return { ok: false, key: 'certFile', message: `${quote(certFile)} ${cert.message}` };
  const key = readTextFile(resolve(folder, keyFile), maxFileBytes);
  if (!key.ok) return { ok: false, key: 'keyFile', message: `${quote(keyFile)} ${key.message}` };
  const fault = faultOf({ cert: cert.text, key: key.text });
  if (fault !== undefined) return { ok: false, ...fault };
  const warnings: string[] = [];
  if (key.othersMayRead) {
    warnings.push(`tls.keyFile: every user of this machine can read ${keyFile}: chmod 600 ${keyFile}`);
  }
  const { validTo } = new X509Certificate(cert.text);
  if (Date.parse(validTo) < Date.now()) warnings.push(`tls.certFile: the certificate has expired: ${validTo}`);
  return { ok: true, certificate: { cert: cert.text, key: key.text }, warnings };
}

/** The message never contains any of the key. */
function faultOf({ cert, key }: CertificateConfig): { key: keyof CertificateFiles; message: string } | undefined {
  if (!canUse({ cert })) return { key: 'certFile', message: 'holds no certificate in PEM' };
  if (!canUse({ key })) return { key: 'keyFile', message: 'holds no private key in PEM, or one with a passphrase' };
  if (!canUse({ cert, key })) return { key: 'keyFile', message: 'is not the key of the certificate' };
  return undefined;
}

function canUse(pair: Partial<CertificateConfig>): boolean {
  try {
    createSecureContext(pair);
    return true;
  } catch {
    // OpenSSL's reason does not help, but the name of the file does.
    return false;
  }
}
