/** Shows findings as they are made, for people; or all at the end, as JSON. */

import { jsonLine, printable } from '../printable.js';
import type { Terminal } from '../terminal.js';
import type { Finding, Findings, Outcome, Station } from './finding.js';
import type { Target } from './target.js';

const signs: Readonly<Record<Outcome, readonly [sign: string, style: Parameters<Terminal['style']>[0]]>> = {
  well: ['ok', 'green'],
  'left out': ['--', 'dim'],
  warning: ['warning', 'yellow'],
  fault: ['fault', 'red'],
};
const signWidth = 8;
const stationWidth = 19;

export class Report {
  constructor(
    private readonly terminal: Terminal,
    private readonly isJson: boolean,
  ) {}

  /** On a terminal, what is being tried. */
  begin(station: Station): void {
    if (!this.isJson) this.terminal.live?.(`\r\u001b[K${this.terminal.style('dim', `… ${station}`)}`);
  }

  show({ station, outcome, message, code, remedies = {} }: Finding): void {
    if (this.isJson) return;
    const { terminal } = this;
    const [sign, style] = signs[outcome];
    this.#clear();
    const note = code === undefined ? '' : terminal.style('dim', ` [${code}]`);
    terminal.out(
      `${terminal.style(style, sign.padEnd(signWidth))}${station.padEnd(stationWidth)}${printable(message)}${note}`,
    );
    for (const [owner, line] of Object.entries(remedies)) {
      terminal.out(`${' '.repeat(signWidth)}${terminal.style('cyan', owner.padEnd(stationWidth))}${line}`);
    }
  }

  end({ endpoints }: Target, findings: Findings): void {
    const { terminal } = this;
    const { faults, all } = findings;
    if (this.isJson) {
      terminal.out(
        jsonLine({ url: endpoints.websocket.replace(/\/\/[^/]*@/, '//'), isWell: faults.length === 0, findings: all }),
      );
      return;
    }
    this.#clear();
    terminal.out('');
    if (faults.length > 0)
      terminal.out(terminal.style('red', faults.length === 1 ? 'one fault' : `${faults.length} faults`));
    else
      terminal.out(
        terminal.style(
          'green',
          all.some(({ outcome }) => outcome === 'warning') ? 'no fault, with warnings' : 'all is well',
        ),
      );
  }

  #clear(): void {
    this.terminal.live?.('\r\u001b[K');
  }
}
