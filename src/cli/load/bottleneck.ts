/** Tells when the generator, and not the server, may be what was measured. */

import { type Latency, msAt, type Second } from './result.js';

/** Of one core, by a worker, which has one thread for everything. */
const busyCpuShare = 0.9;
const busyLagMs = 50;
const lateMs = 20;

const remedies: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'no source port is free: give more addresses with --source 127.0.0.1,127.0.0.2',
  EMFILE: 'no file can be opened: raise the limit with ulimit -n',
  ENFILE: 'the whole machine can open no file: raise fs.file-max',
};

export interface Evidence {
  readonly series: readonly Second[];
  readonly lateness: Latency;
  readonly errors: ReadonlyMap<string, number>;
  readonly published: { readonly due: number; readonly sent: number };
  readonly connections: { readonly wanted: number; readonly ready: number };
}

/** Sentences; none, if nothing speaks against the figures. */
export function bottlenecks({ series, lateness, errors, published, connections }: Evidence): string[] {
  const warnings: string[] = [];
  const measured = series.filter(({ phase }) => phase === 'measuring');
  const cpuShare = median(measured.map((second) => second.cpuShare));
  if (cpuShare > busyCpuShare)
    warnings.push(
      `generator: a worker used ${percent(cpuShare)} of its core, so latency may be its own; use more workers, or another machine`,
    );
  const lagMs = median(measured.map((second) => second.lagMs));
  if (lagMs > busyLagMs)
    warnings.push(
      `generator: an event loop was ${Math.round(lagMs)} ms late, which is part of the latency; use more workers, or leave the machine alone`,
    );
  const late = msAt(lateness, 99);
  if (late > lateMs)
    warnings.push(
      `generator: one publication in a hundred left ${Math.round(late)} ms or more after its time, which is part of the latency`,
    );
  // Random arrivals are fewer or more than their mean, by chance.
  if (published.sent < published.due * 0.99 - 3 * Math.sqrt(published.due))
    warnings.push(
      `generator: it has published ${percent(published.sent / published.due)} of what was due; the rate was not reached`,
    );
  if (connections.ready < connections.wanted)
    warnings.push(`only ${connections.ready} of ${connections.wanted} connections were subscribed after the ramp`);
  for (const [name, remedy] of Object.entries(remedies)) {
    if ([...errors.keys()].some((error) => error.endsWith(`.${name}`))) warnings.push(`generator: ${name}: ${remedy}`);
  }
  return warnings;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
