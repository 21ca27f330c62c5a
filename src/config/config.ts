/** One checked configuration: every value in force, and where it comes from. */

import type { OptionPath, OptionValues } from './options.js';
import type { CertificateConfig } from './tls-config.js';
import type { PublicKeyConfig } from './token-config.js';

/** Development mode opens what production keeps shut, and in return refuses what could be reached from outside. */
export type Mode = 'production' | 'development';

export interface Config {
  readonly mode: Mode;
  readonly values: OptionValues;
  /** The secrets in force, from `token.secret` or the file; the first signs. Empty: none. */
  readonly secrets: readonly string[];
  /** The public keys of `token.keys`, read from their files. */
  readonly tokenKeys: readonly (Omit<PublicKeyConfig, 'file' | 'key'> & { readonly key: string })[];
  /** The keys of the HTTP API in force, from `api.keys` or the file. Empty: none. */
  readonly apiKeys: readonly string[];
  /** What signs the calls of hooks, from `hooks.secret` or the file. Empty: nothing does. */
  readonly hookSecrets: readonly string[];
  /** Read from `tls.certFile` and `tls.keyFile`. */
  readonly certificate: CertificateConfig | undefined;
  /** Where each value comes from: a file's name, `FANFARE_PORT`, `--port`, `default`, `development mode`. */
  readonly sources: Readonly<Record<OptionPath, string>>;
  /** The file that was read. */
  readonly path: string | undefined;
  readonly warnings: readonly string[];
}
