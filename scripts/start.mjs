// @ts-check
/** `npm start`: makes the clone ready, then runs the server in development mode; arguments are passed on to it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setupOrExit } from './setup.mjs';

const parent = process.ppid;
setupOrExit();
if (process.env.npm_lifecycle_event === 'start') endWithNpm();

// In this process, so that signals and the terminal reach the server directly.
const command = join(root, 'dist', 'cli', 'main.js');
process.argv = [process.execPath, command, 'dev', ...process.argv.slice(2)];
await import(pathToFileURL(command).href);

/** npm passes SIGTERM on to the shell that it runs scripts in, which ends and passes nothing on: the server would go on alone. */
function endWithNpm() {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 250).unref();
}
