// @ts-check
/** A server as a process of its own, with a configuration file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onCore } from './ipc.mjs';

const READY_WITHIN_MS = 20_000;
const POLL_MS = 5;

/**
 * Resolves when it answers on its port.
 * @param {string[]} command the path of the file is added to it
 * @param {{ config: object, port: number, core: number | null }} options
 * @returns {Promise<{ pid: number, close: () => Promise<void> }>}
 * @throws {Error} with the last line that it wrote to standard error, if it does not start
 */
export async function startConfigured(command, { config, port, core }) {
  const folder = await mkdtemp(join(tmpdir(), 'fanfare-bench-'));
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  const [program = '', ...args] = onCore(core, [...command, file]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    // Only the end is shown.
    complaint = (complaint + text).slice(-4_000);
  });
  const exited = once(child, 'exit');
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + READY_WITHIN_MS;
  // Any answer shows that it listens.
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => null))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await close();
      throw new Error(`${command[0]} did not start: ${complaint.trim().split('\n').at(-1) ?? ''}`);
    }
    await delay(POLL_MS);
  }
  return { pid: Number(child.pid), close };
}
