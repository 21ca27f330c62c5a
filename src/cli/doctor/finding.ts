/** The findings of an examination, in the order in which they are made. */

import { type FaultCode, faults, type Remedies } from './faults.js';

/** Where on the way it was found. */
export type Station =
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'http'
  | 'clock'
  | 'websocket'
  | 'origin'
  | 'token'
  | 'subscribe'
  | 'publish'
  | 'recovery'
  | 'http streaming'
  | 'server-sent events'
  | 'long polling'
  | 'nodes'
  | 'silence';

/** A fault ends connections or keeps clients away; a warning does so for some of them, or later. */
export type Outcome = 'well' | 'left out' | 'warning' | 'fault';

export interface Finding {
  readonly station: Station;
  readonly outcome: Outcome;
  /** A sentence. May cite what the server has sent: to be made harmless before it is shown. */
  readonly message: string;
  /** Of a fault or a warning. */
  readonly code?: FaultCode;
  readonly remedies?: Remedies;
}

/** Adds a fault of one station. */
export type TellFault = (code: FaultCode, message: string) => void;

export class Findings {
  readonly #all: Finding[] = [];

  /** @param onFinding is told of each at once */
  constructor(private readonly onFinding: (finding: Finding) => void) {}

  get all(): readonly Finding[] {
    return this.#all;
  }

  get faults(): readonly Finding[] {
    return this.#all.filter(({ outcome }) => outcome === 'fault');
  }

  has(code: FaultCode): boolean {
    return this.#all.some((finding) => finding.code === code);
  }

  well(station: Station, message: string): void {
    this.#add({ station, outcome: 'well', message });
  }

  leftOut(station: Station, message: string): void {
    this.#add({ station, outcome: 'left out', message });
  }

  warning(station: Station, code: FaultCode, message: string): void {
    this.#add({ station, outcome: 'warning', code, message, remedies: faults[code] });
  }

  fault(station: Station, code: FaultCode, message: string): void {
    this.#add({ station, outcome: 'fault', code, message, remedies: faults[code] });
  }

  #add(finding: Finding): void {
    this.#all.push(finding);
    this.onFinding(finding);
  }
}
