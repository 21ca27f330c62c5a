/** The Autobahn testsuite, which is written for Python 2.7, with all that it needs in a folder of its own. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cacheFolder, installOnce, mustRun, pinnedVersion } from '../python-packages.js';

const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const folder = cacheFolder('autobahn');

export interface Suite {
  /** A Python 2.7. */
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}

/** Installs what is not there yet. @throws Error when there is no Python 2.7, or no package */
export function installSuite(): Suite {
  const python = findPython();
  if (python === undefined)
    throw new Error(
      'the Autobahn testsuite needs Python 2.7: name one in PYTHON2, put python2.7 into PATH, or use pyenv',
    );
  installOnce(folder, requirements, () => {
    const target = ['--target', folder, '--requirement', requirements];
    mustRun(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', ...target]);
    // A package in parts, whose mark counts in the folder of the Python alone.
    writeFileSync(`${folder}/zope/__init__.py`, '');
  });
  return {
    python,
    version: pinnedVersion(requirements, 'autobahntestsuite'),
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
  };
}

function findPython(): string | undefined {
  const versions = `${homedir()}/.pyenv/versions`;
  const ofPyenv = existsSync(versions) ? readdirSync(versions).filter((name) => name.startsWith('2.7')) : [];
  const candidates = [
    process.env.PYTHON2 ?? 'python2.7',
    'python2',
    ...ofPyenv.map((name) => `${versions}/${name}/bin/python2.7`),
  ];
  return candidates.find((name) => {
    const { status, stderr, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
    return status === 0 && `${stderr}${stdout}`.startsWith('Python 2.7');
  });
}
