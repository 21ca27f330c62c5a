/** The built `fanfare dev` as a process of its own, as `npm start` runs it, on a free port. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface DevServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
}

/**
 * Resolves when it says where it listens.
 *
 * @param flags further ones for the command
 */
export async function startDevServer(...flags: readonly string[]): Promise<DevServer> {
  if (!existsSync(command))
    throw new Error('dist/ is not built: run the tests by `npm test`, or `npm run build` first');
  const child = spawn(process.execPath, [command, 'dev', '--port', '0', ...flags], {
    // Away from any fanfare.config of whoever runs the tests.
    cwd: tmpdir(),
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FANFARE_'))),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on .*?(http:\/\/[\w.:[\]]+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    exited.then(([code]) => reject(new Error(`fanfare dev exited with ${code} before it listened`)), reject);
  });
  return {
    url,
    port: Number(new URL(url).port),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
