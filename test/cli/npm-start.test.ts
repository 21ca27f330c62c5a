/** `npm start` as npm runs it: through a shell. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patienceMs = 60_000;

test.skipIf(process.platform === 'win32')('SIGTERM to npm ends the server', { timeout: 2 * patienceMs }, async () => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST)/.test(name)));
  const npm = spawn('npm', ['start', '--', '--port', '0'], { cwd: root, env, detached: true, stdio: 'pipe' });
  try {
    let said = '';
    for (const output of [npm.stdout, npm.stderr]) output.on('data', (text) => (said += String(text)));
    const findUrl = () => /listening on .*?(http:\/\/[\w.:[\]]+)/.exec(said)?.[1] ?? expect.fail(said);
    const url = await vi.waitFor(findUrl, { timeout: patienceMs, interval: 50 });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const ended = once(npm, 'close');
    npm.kill('SIGTERM');
    // Its output is open for as long as the server has it.
    await ended;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  } finally {
    // safe: it was spawned. The whole group, in which the server would go on alone.
    try {
      process.kill(-(npm.pid as number), 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  }
});
