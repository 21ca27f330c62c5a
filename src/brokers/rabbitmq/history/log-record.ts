/** Records of a log, and their encoding. */

import * as v from 'valibot';
import { clientInfoSchema, tagsSchema, traceSchema } from '../../../engine/channels/publication-schemas.js';
import type { StreamLimits } from '../../../engine/ports/broker.js';
import { type ChannelName, parseChannelName } from '../../../model/channel-name.js';
import { trustedJsonText } from '../../../model/json-text.js';
import { isBytes, payloadFromText, payloadText } from '../../../model/payload.js';
import type { NewPublication } from '../../../model/publication.js';
import type { Message, Received } from '../message.js';

/** What the writer of a record knew about its channel. */
export interface Basis {
  readonly channel: ChannelName;
  /** The place up to which the writer had read the log. */
  readonly seen: number;
  /** The channel's position then, and the place of its last record in the log. Absent: unknown. */
  readonly known?: { readonly epoch: string; readonly offset: number; readonly active: number };
  /** Without {@link known}: from this place on the writer had seen all records, and none about the channel. */
  readonly blindBefore?: number;
  /** Without {@link known}: the epoch that starts if no node knows another. */
  readonly epoch?: string;
}

export type LogEntry =
  /** No content; a node that reads it has read all earlier records. */
  | { readonly kind: 'mark' }
  /** The server may have lost records: all channels get a new epoch, and records of an older life are void. */
  | { readonly kind: 'break' }
  /** Starts a channel, unless it exists. */
  | { readonly kind: 'open'; readonly basis: Basis }
  /** Empties a channel. */
  | { readonly kind: 'clear'; readonly basis: Basis }
  | {
      readonly kind: 'publication';
      readonly basis: Basis;
      readonly publication: NewPublication;
      /** Absent: the publication is only delivered. */
      readonly limits?: StreamLimits;
      readonly key?: string;
    };

export interface LogRecord {
  /** Unique among records. */
  readonly id: string;
  /** The log's life as the writer knew it; empty if it knew none. */
  readonly life: string;
  /** By the writer's wall clock. */
  readonly writtenMs: number;
  readonly entry: LogEntry;
}

const headerName = 'fanfare';

const whole = v.pipe(v.number(), v.safeInteger());
/** JSON can say 1e999. */
const finite = v.pipe(v.number(), v.finite());
const basis = v.object({
  channel: v.pipe(
    v.string(),
    v.transform((name) => parseChannelName(name)),
    v.custom<ChannelName>((name) => name !== undefined),
  ),
  seen: whole,
  known: v.exactOptional(v.object({ epoch: v.string(), offset: whole, active: whole })),
  blindBefore: v.exactOptional(whole),
  epoch: v.exactOptional(v.string()),
});
const entry = v.variant('kind', [
  v.object({ kind: v.literal('mark') }),
  v.object({ kind: v.literal('break') }),
  v.object({ kind: v.literal('open'), basis }),
  v.object({ kind: v.literal('clear'), basis }),
  v.object({
    kind: v.literal('publication'),
    basis,
    limits: v.exactOptional(v.object({ size: whole, ttlMs: finite })),
    key: v.exactOptional(v.string()),
    /** Versions that do not know it leave it out: the data is base64 in quotes, which is data for them too. */
    bytes: v.exactOptional(v.literal(true)),
    info: v.exactOptional(clientInfoSchema),
    tags: v.exactOptional(tagsSchema),
    trace: v.exactOptional(traceSchema),
  }),
]);
const envelope = v.object({ id: v.string(), life: v.string(), writtenMs: finite, entry });

/** A publication's data is the unchanged body; the rest is one header. */
export function encodeRecord({ entry, ...rest }: LogRecord): Message {
  if (entry.kind !== 'publication') return message({ ...rest, entry }, '');
  const { publication, ...others } = entry;
  const { data, ...about } = publication;
  const mark = isBytes(data) && { bytes: true };
  return message({ ...rest, entry: { ...others, ...mark, ...about } }, payloadText(data));
}

function message(header: object, body: string): Message {
  return { type: 'record', content: Buffer.from(body), headers: { [headerName]: JSON.stringify(header) } };
}

/** @throws Error for a message that no node of this version has written */
export function decodeRecord({ content, headers }: Received): LogRecord {
  const { entry, ...rest } = v.parse(envelope, JSON.parse(v.parse(v.string(), headers[headerName])));
  if (entry.kind !== 'publication') return { ...rest, entry };
  if (content.length === 0) throw new Error('a publication without data');
  const { bytes = false, info, tags, trace, ...others } = entry;
  const publication: NewPublication = {
    data: payloadFromText(trustedJsonText(content.toString()), bytes),
    ...(info !== undefined && { info }),
    ...(tags !== undefined && { tags }),
    ...(trace !== undefined && { trace }),
  };
  return { ...rest, entry: { ...others, publication } };
}
