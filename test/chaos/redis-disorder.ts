/** Cuts what Redis sends into values, and repeats, holds back or drops publications among them (F19). */

import type { Rewrite } from '../support/network/fault-lane.js';
import type { Meddling } from './chaos-broker.js';

const lineEnd = '\r\n';

/** For one connection, from its begin on. A publication that is held back goes out after the next value. */
export function redisDisorder(meddling: Meddling): Rewrite {
  let rest: Buffer = Buffer.alloc(0);
  let held: Buffer | undefined;
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const out: Buffer[] = [];
    let start = 0;
    for (let end = valueEnd(rest, start); end !== undefined; end = valueEnd(rest, start)) {
      const value = rest.subarray(start, end);
      start = end;
      const fate = isPublication(value) ? meddling.next() : undefined;
      if (fate === 'hold' && held === undefined) {
        held = value;
        continue;
      }
      if (fate !== 'drop') out.push(value);
      if (fate === 'repeat') out.push(value);
      if (held !== undefined) out.push(held);
      held = undefined;
    }
    rest = rest.subarray(start);
    return Buffer.concat(out);
  };
}

/** Of a channel with history: of one without nobody could tell that it came twice. */
function isPublication(value: Buffer): boolean {
  const text = value.toString('latin1', 0, 256);
  return /^[*>]3\r\n\$8\r\nsmessage\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\np[1-9]/.test(text);
}

/** Where the value that begins there ends (RESP2 and RESP3); undefined while it is not all there. */
export function valueEnd(bytes: Buffer, start: number): number | undefined {
  const lineAt = bytes.indexOf(lineEnd, start);
  if (lineAt === -1) return undefined;
  const after = lineAt + lineEnd.length;
  const count = Number(bytes.toString('latin1', start + 1, lineAt));
  switch (bytes.toString('latin1', start, start + 1)) {
    case '$':
    case '=':
    case '!': {
      const end = count < 0 ? after : after + count + lineEnd.length;
      return end <= bytes.length ? end : undefined;
    }
    case '*':
    case '>':
    case '~':
      return valuesEnd(bytes, after, Math.max(0, count));
    case '%':
    case '|':
      return valuesEnd(bytes, after, count * 2);
    default:
      return after;
  }
}

function valuesEnd(bytes: Buffer, start: number, count: number): number | undefined {
  let at: number | undefined = start;
  for (let n = 0; n < count && at !== undefined; n++) at = valueEnd(bytes, at);
  return at;
}
