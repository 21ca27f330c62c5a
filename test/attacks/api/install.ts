/** schemathesis, in an environment of its own. */

import { fileURLToPath } from 'node:url';
import { cacheFolder, installOnce, mustRun, pinnedVersion } from '../python-packages.js';

const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const folder = cacheFolder('schemathesis');

export interface Schemathesis {
  readonly program: string;
  readonly version: string;
}

/** Installs what is not there yet. @throws Error when there is no Python 3 with `venv`, or no package */
export function installSchemathesis(): Schemathesis {
  installOnce(folder, requirements, () => {
    mustRun('python3', ['-m', 'venv', folder]);
    const quietly = ['--quiet', '--disable-pip-version-check'];
    mustRun(`${folder}/bin/pip`, ['install', ...quietly, '--no-deps', '--requirement', requirements]);
  });
  return { program: `${folder}/bin/schemathesis`, version: pinnedVersion(requirements, 'schemathesis') };
}
