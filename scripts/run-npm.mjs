// @ts-check
/** Runs npm from a script: the npm that started the script if there is one, else the one in PATH. */
import { spawnSync } from 'node:child_process';

/**
 * npm's output goes to stderr; throws with a readable message when npm fails.
 * @param {string[]} args
 * @param {{ cwd: string }} options
 */
export function runNpm(args, { cwd }) {
  const npmScript = process.env.npm_execpath;
  const done =
    npmScript !== undefined && /npm-cli\.c?js$/.test(npmScript)
      ? spawnSync(process.execPath, [npmScript, ...args], { cwd, stdio: ['ignore', 2, 2] })
      : spawnSync('npm', args, { cwd, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (done.error) throw new Error(`npm could not be started: ${done.error.message}`, { cause: done.error });
  if (done.status !== 0) throw new Error(`npm ${args[0]} failed; its messages are above.`);
}
