/** The version of this package. */

import { readFileSync } from 'node:fs';

/** Read from the manifest beside `dist/`, so that there is one place for it. */
export const version: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest && typeof manifest.version === 'string' ? manifest.version : '0.0.0';
}
