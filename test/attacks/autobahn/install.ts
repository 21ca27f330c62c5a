/** The Autobahn testsuite, which is written for Python 2.7, with all that it needs in a folder of its own. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';

const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const folder = fileURLToPath(new URL('../../../.cache/autobahn', import.meta.url));
/** The copy is made when everything is there. */
const installed = `${folder}/requirements.txt`;

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
  const wanted = readFileSync(requirements, 'utf8');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const target = ['--target', folder, '--requirement', requirements];
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', ...target];
    const { status } = spawnSync(python, args, { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('pip failed; its messages are above');
    // A package in parts, whose mark counts in the folder of the Python alone.
    writeFileSync(`${folder}/zope/__init__.py`, '');
    copyFileSync(requirements, installed);
  }
  const version = /^autobahntestsuite==(\S+)/m.exec(wanted)?.[1] ?? '';
  return { python, version, env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' } };
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
