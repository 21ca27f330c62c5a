/** A program that a test has started: until it says that it is ready, and to its end. */

import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export type Child = ChildProcessByStdio<null, Readable, Readable>;

const keptOutput = 10_000;

/** Resolves when what it has written has the pattern. @throws Error with the last of its output when it ends before */
export function ready(child: Child, pattern: RegExp): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) =>
      reject(new Error(`${child.spawnfile} has ended (${code ?? signal}): ${output}`)),
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = `${output}${text}`.slice(-keptOutput);
        if (pattern.test(output)) resolve();
      });
    }
  });
}

/** Sends the signal, unless it has ended already, and waits for its end. */
export async function ended(
  child: Pick<Child, 'exitCode' | 'signalCode' | 'kill'> | undefined,
  signal: NodeJS.Signals,
): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child as Child, 'exit');
  child.kill(signal);
  await exited;
}

/** Somebody else may take a port that was free: then it is started again, on another. */
export async function started<Server>(maxAttempts: number, start: () => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === maxAttempts) throw error;
    }
  }
}
