/** The latest refusals and ended connections of this node, kept in memory for whoever asks why something happened. */

import type { Disconnect } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { setNewest } from '../../model/set-newest.js';
import type { Clock } from '../ports/clock.js';

/** Refusals of one check; a flood of one kind leaves the others. */
const maxPerCheck = 200;
/** Checks come from a fixed table; this bounds them should one ever not. */
const maxChecks = 64;
const maxEnds = 1_000;
/** Of one text. Most are shorter, and some come from requests. */
const maxTextLength = 500;

export type EventKind = 'refusal' | 'end';
export type EventField = string | number | boolean;

export interface NodeEvent {
  /** Grows from each event of this node to the next. */
  readonly seq: number;
  /** Unix time in milliseconds: of the last one, where several are alike. */
  readonly atMs: number;
  readonly kind: EventKind;
  readonly level: 'info' | 'warn' | 'error';
  /** The name of the check; `end` for the end of a connection. */
  readonly check: string;
  readonly message: string;
  /** How often it has happened to this client, or to these. */
  readonly count: number;
  /** `option`, `user`, `client`, `channel`, `code`, … */
  readonly fields: Readonly<Record<string, EventField>>;
}

/** A connection that has ended. */
export interface EndedConnection {
  readonly client: string;
  readonly user: string;
  readonly transport: string;
  /** How long it was connected, in milliseconds. */
  readonly connectedMs: number;
}

interface Kept {
  readonly seq: number;
  readonly atMs: number;
  readonly kind: EventKind;
  readonly level: NodeEvent['level'];
  readonly check: string;
  /** Found out when it is first asked for, since that may be expensive. */
  message: RefusalLine['message'];
  readonly count: number;
  readonly fields: object;
}

export class RecentEvents {
  /** By check, then by what is alike; the oldest first. */
  readonly #refusals = new Map<string, Map<string, Kept>>();
  readonly #ends = new Map<string, Kept>();
  #lastSeq = 0;

  constructor(private readonly clock: Pick<Clock, 'wallMs'>) {}

  /** The number of the newest event; 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** @param about whom it is about, beside the fields of the line */
  refused({ check, key = '', fields, message, level = 'warn' }: RefusalLine, about: object | undefined): void {
    const events = this.#refusals.get(check) ?? new Map<string, Kept>();
    if (!this.#refusals.has(check) && this.#refusals.size >= maxChecks) return;
    this.#refusals.set(check, events);
    const whom = about !== undefined && 'client' in about ? String(about.client) : '';
    const all = about === undefined ? fields : { ...about, ...fields };
    this.#keep(events, `${key} ${whom}`, maxPerCheck, { kind: 'refusal', level, check, message, fields: all });
  }

  ended({ client, user, transport, connectedMs }: EndedConnection, { code, reason }: Disconnect): void {
    const fields = { client, user, transport, connectedMs: Math.round(connectedMs), code, reason };
    this.#keep(this.#ends, client, maxEnds, { kind: 'end', level: 'info', check: 'end', message: reason, fields });
  }

  /**
   * The newest events after a number that `isWanted`, the newest first.
   *
   * @returns whether there were more than `limit`
   */
  after(
    seq: number,
    limit: number,
    isWanted: (event: Pick<NodeEvent, 'kind' | 'check'> & { readonly fields: object }) => boolean,
  ): { readonly events: NodeEvent[]; readonly isCut: boolean } {
    const found: Kept[] = [];
    for (const events of [this.#ends, ...this.#refusals.values()]) {
      for (const event of events.values()) if (event.seq > seq && isWanted(event)) found.push(event);
    }
    found.sort((a, b) => b.seq - a.seq);
    return { events: found.slice(0, limit).map(toEvent), isCut: found.length > limit };
  }

  /** What is alike is one event, which becomes the newest. */
  #keep(events: Map<string, Kept>, key: string, most: number, event: Omit<Kept, 'seq' | 'atMs' | 'count'>): void {
    const count = (events.get(key)?.count ?? 0) + 1;
    setNewest(events, key, { ...event, seq: ++this.#lastSeq, atMs: this.clock.wallMs(), count }, most);
  }
}

function toEvent(kept: Kept): NodeEvent {
  if (typeof kept.message === 'function') kept.message = kept.message();
  return { ...kept, message: kept.message, fields: plain(kept.fields) };
}

/** Numbers, booleans and short texts; of an error what it says. Values that are neither are left out. */
function plain(fields: object): Record<string, EventField> {
  const entries = Object.entries(fields).flatMap(([name, value]): [string, EventField][] => {
    if (typeof value === 'number' || typeof value === 'boolean') return [[name, value]];
    if (value instanceof Error) return [[name, value.message.slice(0, maxTextLength)]];
    return typeof value === 'string' ? [[name, value.slice(0, maxTextLength)]] : [];
  });
  return Object.fromEntries(entries);
}
