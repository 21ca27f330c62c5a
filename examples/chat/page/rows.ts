/** The lines of the log: messages grouped by author, days and gaps between them, outgoing messages last. */

import type { Received } from './messages.js';
import type { Outgoing } from './outbox.js';
import type { Entry } from './timeline.js';

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly label: string }
  | { readonly kind: 'gap'; readonly key: string }
  /** The messages that follow were published while the connection was lost, and recovered afterwards. */
  | { readonly kind: 'recovered'; readonly key: string }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly text: string;
      readonly author: string;
      readonly isMine: boolean;
      /** First of a group: shows author and time. */
      readonly isFirst: boolean;
      readonly sentAtMs?: number;
      readonly isRecovered?: boolean;
      /** On its way: whether it waits, or why it was refused. */
      readonly fate?: { readonly id: string; readonly isWaiting: boolean; readonly refusal?: string };
    };

export type MessageRow = Extract<Row, { kind: 'message' }>;

/** A pause that starts a new group. */
const groupPauseMs = 5 * 60_000;

export interface RowOptions {
  readonly isMine: (message: Received) => boolean;
  readonly isOnline: boolean;
  readonly nowMs: number;
}

export function rowsOf(entries: readonly Entry[], outgoing: readonly Outgoing[], options: RowOptions): Row[] {
  const rows: Row[] = [];
  let previous: MessageRow | undefined;
  let day = '';
  const add = (row: Omit<MessageRow, 'kind' | 'isFirst'>) => {
    if (row.sentAtMs !== undefined && dayOf(row.sentAtMs) !== day) {
      day = dayOf(row.sentAtMs);
      rows.push({ kind: 'day', key: `day-${day}-${row.key}`, label: dayLabel(row.sentAtMs, options.nowMs) });
      previous = undefined;
    }
    if (row.isRecovered === true && previous?.isRecovered !== true) {
      rows.push({ kind: 'recovered', key: `recovered-${row.key}` });
      previous = undefined;
    }
    const isFirst = previous === undefined || !isContinued(previous, row);
    const complete: MessageRow = { kind: 'message', ...row, isFirst };
    rows.push(complete);
    previous = complete;
  };
  for (const entry of entries) {
    if (entry.kind === 'gap') {
      rows.push(entry);
      previous = undefined;
      continue;
    }
    const { message, key, isRecovered } = entry;
    const { text, author, sentAtMs } = message;
    const isMine = options.isMine(message);
    add({
      key,
      text,
      author: author.name,
      isMine,
      ...(sentAtMs !== undefined && { sentAtMs }),
      ...(isRecovered === true && !isMine && { isRecovered }),
    });
  }
  for (const { id, text, sentAtMs, refusal } of outgoing) {
    const fate = { id, isWaiting: !options.isOnline, ...(refusal !== undefined && { refusal }) };
    add({ key: id, text, author: '', isMine: true, sentAtMs, fate });
  }
  return rows;
}

/** By name, since a person's client id changes with each reconnect. */
function isContinued(previous: MessageRow, row: Omit<MessageRow, 'kind' | 'isFirst'>): boolean {
  if (previous.isMine !== row.isMine) return false;
  if (!row.isMine && previous.author !== row.author) return false;
  return Math.abs((row.sentAtMs ?? 0) - (previous.sentAtMs ?? 0)) < groupPauseMs;
}

function dayOf(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function dayLabel(timeMs: number, nowMs: number): string {
  if (dayOf(timeMs) === dayOf(nowMs)) return 'Today';
  if (dayOf(timeMs) === dayOf(nowMs - 86_400_000)) return 'Yesterday';
  return new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' }).format(timeMs);
}
