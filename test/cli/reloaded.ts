/** What a server says of its reloads. */

import type { FanfareProcess } from './fanfare-process.js';

export interface ReloadLine {
  readonly changed: readonly string[];
  readonly needRestart?: readonly string[];
}

/** The lines about reloads that have come true or failed, in their order. */
function lines(server: FanfareProcess): Readonly<Record<string, unknown>>[] {
  return server.stderr
    .split('\n')
    .filter((line) => /"msg":"(configuration reloaded|reload failed)/.test(line) && line.endsWith('}'))
    .map((line): Record<string, unknown> => JSON.parse(line));
}

/** The line of the n-th reload, which has succeeded. */
export async function reloaded(server: FanfareProcess, n = 1): Promise<ReloadLine> {
  const line = await outcomeOf(server, n);
  if (!('changed' in line)) throw new Error(`reload failed: ${JSON.stringify(line)}`);
  // safe: the line of a reload that has succeeded
  return line as unknown as ReloadLine;
}

/** What was wrong with the n-th reload. */
export async function refused(server: FanfareProcess, n = 1): Promise<readonly string[]> {
  const { problems } = await outcomeOf(server, n);
  if (!Array.isArray(problems)) throw new Error('the reload has not failed');
  return problems;
}

async function outcomeOf(server: FanfareProcess, n: number): Promise<Readonly<Record<string, unknown>>> {
  await server.seen('stderr', new RegExp(`("msg":"(configuration reloaded|reload failed)[^\\n]*\\n[^]*){${n}}`));
  const line = lines(server)[n - 1];
  if (line === undefined) throw new Error('no such reload');
  return line;
}
