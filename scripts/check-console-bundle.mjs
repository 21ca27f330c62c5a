// @ts-check
/** Fails when the console's page is larger than a slow line should have to carry. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Gzip size of all files together. */
const maxGzipBytes = 100_000;

/** @param {string} folder @returns {number} */
export function gzipBytesOf(folder) {
  const sizes = readdirSync(folder).map((name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../dist/console', import.meta.url));
  if (!existsSync(folder)) {
    console.error('check-console-bundle: dist/console is missing; run npm run build first.');
    process.exit(1);
  }
  const size = gzipBytesOf(folder);
  const tooLarge = size > maxGzipBytes;
  const text = `the console is ${size} bytes gzipped, at most ${maxGzipBytes} are allowed`;
  console[tooLarge ? 'error' : 'log'](`check-console-bundle: ${text}`);
  if (tooLarge) process.exitCode = 1;
}
