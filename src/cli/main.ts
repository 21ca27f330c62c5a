#!/usr/bin/env node
/** The `fanfare` command as a process: its arguments, its streams, its exit code. */

import * as module from 'node:module';
import { basename, relative } from 'node:path';
import { exitCodes } from './command.js';
import { runCommandLine } from './command-line.js';
import { createTerminal } from './terminal.js';

/** As the user called it, so that hints can be copied. */
function programName(script: string): string {
  return basename(script) === 'main.js' ? `node ${relative(process.cwd(), script)}` : 'npx fanfare';
}

// What the commands load is compiled once for all later starts (from Node 22.8 on).
if ('enableCompileCache' in module) (module as { enableCompileCache(): void }).enableCompileCache();

// A small message that waits for a slow reader holds the whole piece of memory that it was cut from: 64 KiB from Node 24 on.
Buffer.poolSize = 8_192;

// A reader that stops early (`| head`) is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});

const code = await runCommandLine(process.argv.slice(2), {
  terminal: createTerminal(process, process.env),
  env: process.env,
  folder: process.cwd(),
  program: programName(process.argv[1] ?? ''),
});
process.exit(code);
