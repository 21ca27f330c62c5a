/** Looks whether the files of the certificate have changed, as they do each time that it is renewed. */

import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { resolve } from 'node:path';
import { type CertificateConfig, type CertificateFiles, readCertificate } from '../config/tls-config.js';
import type { Logger } from '../engine/logger.js';

const defaultIntervalMs = 5_000;

export interface CertificateUse {
  /** What the files are relative to. */
  readonly folder: string;
  readonly log: Logger;
  /** Default: 5,000. */
  readonly intervalMs?: number;
  /** Puts it into force. May throw. */
  use(certificate: CertificateConfig): void;
}

/** Asks for the files' dates: links that are moved from one set of files to the next count too. */
export class CertificateWatch {
  readonly #use: CertificateUse;
  #files: CertificateFiles | undefined;
  readonly #onChange: StatsListener = (now, before) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) this.#renew();
  };

  constructor(use: CertificateUse) {
    this.#use = use;
  }

  /** From now on these files, and no others. */
  follow(files: CertificateFiles | undefined): void {
    this.close();
    this.#files = files;
    const { folder, intervalMs = defaultIntervalMs } = this.#use;
    for (const path of this.#paths()) {
      watchFile(resolve(folder, path), { interval: intervalMs, persistent: false }, this.#onChange);
    }
  }

  close(): void {
    for (const path of this.#paths()) unwatchFile(resolve(this.#use.folder, path), this.#onChange);
    this.#files = undefined;
  }

  #paths(): string[] {
    return this.#files === undefined ? [] : [this.#files.certFile, this.#files.keyFile];
  }

  /** One of the two files may be newer than the other for a moment: the second change brings what fits. */
  #renew(): void {
    const { folder, log, use } = this.#use;
    if (this.#files === undefined) return;
    const read = readCertificate(this.#files, folder);
    if (!read.ok) {
      log.warn({ option: `tls.${read.key}`, reason: read.message }, 'the old certificate stays in use');
      return;
    }
    use(read.certificate);
    for (const warning of read.warnings) log.warn({}, warning);
    log.info({ path: this.#files.certFile }, 'certificate replaced');
  }
}
