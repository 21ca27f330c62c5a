/** The built page of the console, read when a console is first served. */

import { existsSync, readFileSync } from 'node:fs';
import type { ConsoleFile } from '../http/console/console.js';
import { FanfareError } from '../model/fanfare-error.js';

const files = [
  { file: 'index.html', name: '', type: 'text/html; charset=utf-8' },
  { file: 'app.js', name: 'app.js', type: 'text/javascript; charset=utf-8' },
  { file: 'style.css', name: 'style.css', type: 'text/css; charset=utf-8' },
  { file: 'icon.svg', name: 'icon.svg', type: 'image/svg+xml' },
] as const;

/** Beside the chunks of a build, and, for a program that runs from the sources, in the last build. */
const places = ['../console/', '../../dist/console/'];

/** @throws FanfareError `ERR_CONFIG` where the page was not built */
export function consoleFiles(): readonly ConsoleFile[] {
  const folder = places
    .map((place) => new URL(place, import.meta.url))
    .find((url) => existsSync(new URL('app.js', url)));
  if (folder === undefined)
    throw new FanfareError('ERR_CONFIG', 'console: its page is not there; npm run build makes it');
  return files.map(({ file, name, type }) => ({ name, type, body: readFileSync(new URL(file, folder), 'utf8') }));
}
