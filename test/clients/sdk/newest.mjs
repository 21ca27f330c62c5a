// @ts-check
/** Runs the table of the SDKs with the newest one for Python, which it installs in an environment of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const environment = `${root}.cache/sdk-python`;
const python = `${environment}/bin/python`;

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env]
 */
function run(program, args, env = {}) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

run('python3', ['-m', 'venv', environment]);
run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'test/clients/sdk/requirements.txt']);
run('npx', ['vitest', 'run', 'test/clients/sdk.test.ts'], { FANFARE_TEST_PYTHON: python });
