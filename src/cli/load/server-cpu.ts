/** The CPU that the server has used, from its metrics. */

const timeoutMs = 5_000;

/** Seconds; the sum where several processes are told apart. `undefined` if the metrics cannot be read, with a note. */
export async function serverCpuSec(url: string, note: (problem: string) => void): Promise<number | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!answer.ok) {
      note(`metrics: answered with ${answer.status}`);
      return undefined;
    }
    const values = cpuSecondsIn(await answer.text());
    if (values === undefined) note('metrics: there is no process_cpu_seconds_total');
    return values;
  } catch (error) {
    note(`metrics: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

export function cpuSecondsIn(metrics: string): number | undefined {
  const found = [...metrics.matchAll(/^process_cpu_seconds_total(?:\{[^}]*\})? (\S+)/gm)];
  return found.length === 0 ? undefined : found.reduce((sum, [, value]) => sum + Number(value), 0);
}
