/** Checks whether the files of the certificate have changed, as they do when it is renewed. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CertificateConfig, type CertificateFiles, readCertificate } from '../config/tls-config.js';
import type { Cancel, Clock } from '../engine/ports/clock.js';
import type { Logger } from '../engine/ports/logger.js';

const intervalMs = 5_000;

interface CertificateUse {
  /** The folder that the files are relative to. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Applies it. May throw. */
  use(certificate: CertificateConfig): void;
}

/** Polls the files' dates instead of watching them, to notice symbolic links that change too. */
export class CertificateWatch {
  #files: CertificateFiles | undefined;
  #current: CertificateConfig | undefined;
  #seen = '';
  #cancel: Cancel | undefined;

  constructor(private readonly parts: CertificateUse) {}

  /** Watches these files instead of others. @param current the certificate that was read from them */
  follow(files: CertificateFiles | undefined, current: CertificateConfig | undefined): void {
    this.close();
    if (files === undefined) return;
    this.#files = files;
    this.#current = current;
    // They may have changed since they were read.
    this.#seen = '';
    this.#cancel = this.parts.clock.schedule(this.#look, intervalMs);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#files = undefined;
  }

  readonly #look = (): void => {
    if (this.#files === undefined) return;
    this.#cancel = this.parts.clock.schedule(this.#look, intervalMs);
    const { certFile, keyFile } = this.#files;
    const dates = `${this.#dateOf(certFile)} ${this.#dateOf(keyFile)}`;
    if (dates === this.#seen) return;
    this.#seen = dates;
    this.#renew(this.#files);
  };

  #dateOf(path: string): string {
    const stats = statSync(resolve(this.parts.folder, path), { throwIfNoEntry: false });
    return stats === undefined ? 'none' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
  }

  /** For a moment only one of the two files may be new: they fit after the second change. */
  #renew(files: CertificateFiles): void {
    const { folder, log, use } = this.parts;
    const read = readCertificate(files, folder);
    if (!read.ok) {
      log.warn({ option: `tls.${read.key}`, reason: read.message }, 'the old certificate stays in use');
      return;
    }
    const { certificate } = read;
    if (certificate.cert === this.#current?.cert && certificate.key === this.#current.key) return;
    use(certificate);
    this.#current = certificate;
    for (const warning of read.warnings) log.warn({}, warning);
    log.info({ path: files.certFile }, 'certificate replaced');
  }
}
