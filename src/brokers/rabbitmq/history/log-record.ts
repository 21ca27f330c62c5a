/** What nodes write into a log, and how it travels. */

import * as v from 'valibot';
import { clientInfoSchema, tagsSchema } from '../../../engine/channels/publication-schemas.js';
import type { StreamLimits } from '../../../engine/ports/broker.js';
import { type ChannelName, parseChannelName } from '../../../model/channel-name.js';
import { trustedJsonText } from '../../../model/json-text.js';
import { payloadJson } from '../../../model/payload.js';
import type { NewPublication } from '../../../model/publication.js';
import type { Message, Received } from '../message.js';

/** What the writer knew of a channel when it wrote. */
export interface Basis {
  readonly channel: ChannelName;
  /** It had read the log up to here. */
  readonly seen: number;
  /** The place of the channel there, and where in the log the last record about it is. Absent: it knew none. */
  readonly known?: { readonly epoch: string; readonly offset: number; readonly active: number };
  /** Without {@link known}: from here on it has seen everything about the channel, which is nothing. */
  readonly blindBefore?: number;
  /** Without {@link known}: the epoch that begins if nobody else knows one either. */
  readonly epoch?: string;
}

export type LogEntry =
  /** Says nothing; whoever reads it has read all before. */
  | { readonly kind: 'mark' }
  /** The server may have lost something: all channels get a new epoch, and what was written in an older life is void. */
  | { readonly kind: 'break' }
  /** Begins a channel, unless there is one. */
  | { readonly kind: 'open'; readonly basis: Basis }
  /** Empties a channel. */
  | { readonly kind: 'clear'; readonly basis: Basis }
  | {
      readonly kind: 'publication';
      readonly basis: Basis;
      readonly publication: NewPublication;
      /** Absent: it is only delivered. */
      readonly limits?: StreamLimits;
      readonly key?: string;
    };

export interface LogRecord {
  /** Unlike that of any other record. */
  readonly id: string;
  /** The life of the log that the writer knew; empty when it knew none. */
  readonly life: string;
  /** By the wall clock of the writer. */
  readonly writtenMs: number;
  readonly entry: LogEntry;
}

const headerName = 'fanfare';

const whole = v.pipe(v.number(), v.safeInteger());
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
    limits: v.exactOptional(v.object({ size: whole, ttlMs: v.number() })),
    key: v.exactOptional(v.string()),
    info: v.exactOptional(clientInfoSchema),
    tags: v.exactOptional(tagsSchema),
  }),
]);
const envelope = v.object({ id: v.string(), life: v.string(), writtenMs: v.number(), entry });

/** The data of a publication is the body, as it is; the rest is one header. */
export function encodeRecord({ entry, ...rest }: LogRecord): Message {
  if (entry.kind !== 'publication') return message({ ...rest, entry }, '');
  const { publication, ...others } = entry;
  const { data, ...about } = publication;
  return message({ ...rest, entry: { ...others, ...about } }, payloadJson(data));
}

function message(header: object, body: string): Message {
  return { type: 'record', content: Buffer.from(body), headers: { [headerName]: JSON.stringify(header) } };
}

/** @throws Error when nobody of this version has written it */
export function decodeRecord({ content, headers }: Received): LogRecord {
  const { entry, ...rest } = v.parse(envelope, JSON.parse(v.parse(v.string(), headers[headerName])));
  if (entry.kind !== 'publication') return { ...rest, entry };
  if (content.length === 0) throw new Error('a publication without data');
  const { info, tags, ...others } = entry;
  const publication: NewPublication = {
    data: trustedJsonText(content.toString()),
    ...(info !== undefined && { info }),
    ...(tags !== undefined && { tags }),
  };
  return { ...rest, entry: { ...others, publication } };
}
