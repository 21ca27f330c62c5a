/** What is built, as processes of their own on free ports: `fanfare dev`, as `npm start` runs it, and the chat example. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));

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
export function startDevServer(...flags: readonly string[]): Promise<DevServer> {
  return start('cli/main.js', ['dev', '--port', '0', ...flags]);
}

/** The chat example as an application of its own, which has Fanfare as a library. */
export function startChatServer(): Promise<DevServer> {
  return start('examples-chat/server.mjs', [], { PORT: '0' });
}

async function start(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DevServer> {
  const path = join(dist, script);
  if (!existsSync(path)) throw new Error(`dist/${script} is not built: run the tests by \`npm test\``);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FANFARE_'));
  const child = spawn(process.execPath, [path, ...args], {
    // Away from any fanfare.config of whoever runs the tests.
    cwd: tmpdir(),
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /(?:listening on|chat:) .*?(http:\/\/[\w.:[\]]+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    exited.then(([code]) => reject(new Error(`${script} exited with ${code} before it listened`)), reject);
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
