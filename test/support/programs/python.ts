/** Python with the packages of test/python-requirements.txt, for tests with SDKs in that language. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScriptedSdk } from '../clients/scripted-sdk.js';
import { skipLoudly } from './missing.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** As scripts/install-system.sh makes it; the copy of the requirements is made when all of them are installed. */
const environment = `${root}.cache/python`;

/** Whether tests with Python have to be left out: an environment of other requirements lacks what they import. */
export function pythonIsMissing(folder = environment): boolean {
  const installed = `${folder}/requirements.txt`;
  const wanted = readFileSync(`${root}test/python-requirements.txt`, 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return false;
  return skipLoudly(
    'tests with Python SDKs',
    `${folder} lacks packages of test/python-requirements.txt: scripts/install-system.sh installs them`,
  );
}

/** The folder of the packages, for a `python3` that is found by its name; empty where there is none. */
export function pythonPackages(): string {
  const lib = `${environment}/lib`;
  const [version] = existsSync(lib) ? readdirSync(lib) : [];
  return version === undefined ? '' : `${lib}/${version}/site-packages`;
}

/** A program that one of the packages brings. */
export function pythonProgram(name: string): string {
  return `${environment}/bin/${name}`;
}

/** A script that answers each line of JSON on its standard input with one on its standard output. */
export class PythonScript extends ScriptedSdk {
  /** @param path relative to the repository */
  constructor(path: string, env: Readonly<Record<string, string>>) {
    super(`${environment}/bin/python`, [`${root}${path}`], { PYTHONUNBUFFERED: '1', ...env });
  }
}
