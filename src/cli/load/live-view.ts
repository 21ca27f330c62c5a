/** Shows a run while it is under way: a block that is drawn again each second on a terminal, and plain lines elsewhere. */

import type { Terminal } from '../terminal.js';
import type { Phase } from './result.js';
import type { Progress } from './run.js';
import { count, errorList, ms, percent, seconds } from './texts.js';

const labelWidth = 14;
const barWidth = 30;
/** Where there is no terminal, a line comes with each phase and after so many seconds of it. */
const linesEvery = 5;

export class LiveView {
  #drawn = 0;
  #phase: Phase | undefined;
  #seconds = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly title: string,
    private readonly wanted: number,
  ) {}

  show(progress: Progress): void {
    const { live } = this.terminal;
    if (live === undefined) {
      this.#line(progress);
      return;
    }
    const lines = blockOf(progress, { title: this.title, wanted: this.wanted, style: this.terminal.style });
    live(`${this.#up()}${lines.map((line) => `${line}\u001b[K\n`).join('')}`);
    this.#drawn = lines.length;
  }

  /** The cursor to where the block began. */
  #up(): string {
    return this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
  }

  #line(progress: Progress): void {
    this.#seconds = progress.phase === this.#phase ? this.#seconds + 1 : 0;
    this.#phase = progress.phase;
    if (this.#seconds % linesEvery === 0) this.terminal.out(lineOf(progress));
  }
}

interface BlockOptions {
  readonly title: string;
  readonly wanted: number;
  readonly style: Terminal['style'];
}

export function blockOf(
  { second, phase, elapsedMs, totalMs, deliveries, errors }: Progress,
  { title, wanted, style }: BlockOptions,
): string[] {
  const row = (label: string, text: string) => `  ${style('dim', label.padEnd(labelWidth))}${text}`;
  const { delivery, cpuShare, lagMs } = second;
  const share = totalMs === 0 ? 0 : Math.min(1, elapsedMs / totalMs);
  const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '░');
  const time = totalMs === 0 ? '' : ` ${seconds(Math.min(elapsedMs, totalMs))} of ${seconds(totalMs)}`;
  const listed = errorList(errors);
  return [
    style('bold', title),
    row(phase, totalMs === 0 ? '' : `${style('cyan', bar)}${time}`),
    row('connections', `${count(second.connections)} of ${count(wanted)}`),
    row('publications', `${count(second.publicationsPerSec)}/s`),
    row('deliveries', `${count(second.deliveriesPerSec)}/s, ${count(deliveries)} in all`),
    row(
      'latency',
      delivery === undefined
        ? '–'
        : `p50 ${ms(delivery.p50Ms)}, p99 ${ms(delivery.p99Ms)}, p99.9 ${ms(delivery.p999Ms)} in the last second`,
    ),
    row('errors', errors.size === 0 ? listed : style('red', listed)),
    row('generator', `${percent(cpuShare)} of a core, event loop ${ms(lagMs)} late`),
  ];
}

export function lineOf({ second, phase, elapsedMs, totalMs, errors }: Progress): string {
  const { connections, deliveriesPerSec, delivery } = second;
  const time = totalMs === 0 ? '' : ` ${seconds(Math.min(elapsedMs, totalMs))} of ${seconds(totalMs)}`;
  const latency = delivery === undefined ? '' : `, p50 ${ms(delivery.p50Ms)}, p99 ${ms(delivery.p99Ms)}`;
  const failures = errors.size === 0 ? '' : `, errors: ${errorList(errors)}`;
  return `${phase}${time}: ${count(connections)} connections, ${count(deliveriesPerSec)} deliveries/s${latency}${failures}`;
}
