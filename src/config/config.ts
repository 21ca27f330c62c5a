/** One checked configuration: all values and their sources. */

import type { OptionPath, OptionValues } from './options.js';
import type { CertificateConfig } from './tls-config.js';
import type { PublicKeyConfig } from './token-config.js';

/** Development mode opens what production keeps closed, and refuses to listen on addresses reachable from outside. */
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
  /** The passwords of the console in force, from `console.password` or the file. Empty: none. */
  readonly consolePasswords: readonly string[];
  /** The secrets that sign calls of hooks, from `hooks.secret` or the file. Empty: calls are not signed. */
  readonly hookSecrets: readonly string[];
  /** Read from `tls.certFile` and `tls.keyFile`. */
  readonly certificate: CertificateConfig | undefined;
  /** The source of each value: a file's name, `FANFARE_PORT`, `--port`, `default`, `development mode`. */
  readonly sources: Readonly<Record<OptionPath, string>>;
  /** The file that was read. */
  readonly path: string | undefined;
  readonly warnings: readonly string[];
}
