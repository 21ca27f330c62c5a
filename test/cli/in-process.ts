/** Runs a command line in this process: for everything that ends by itself and needs no signals. */

import { tmpdir } from 'node:os';
import { runCommandLine } from '../../src/cli/command-line.js';
import { createTerminal } from '../../src/cli/terminal.js';
import type { Finished, RunOptions } from './fanfare-process.js';

export async function runInProcess(args: readonly string[], { folder, env = {} }: RunOptions = {}): Promise<Finished> {
  const text = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof text) => ({
    isTTY: false,
    write(chunk: string | Uint8Array) {
      text[name] += String(chunk);
      return true;
    },
  });
  const terminal = createTerminal({ stdout: stream('stdout'), stderr: stream('stderr') }, env);
  const context = { terminal, env, folder: folder?.path ?? tmpdir(), program: 'fanfare' };
  return { code: await runCommandLine(args, context), ...text };
}
