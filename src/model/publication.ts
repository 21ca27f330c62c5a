/** Publications, and who made them. */

import { type AnswerPart, joinParts, partData } from './answer-part.js';
import type { JsonText } from './json-text.js';
import type { Payload } from './payload.js';

/** Who a client is, as other clients see it: in presence, joins, leaves and publications. */
export interface ClientInfo {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Unguessable id of one connection. */
  readonly client: string;
  /** What authentication attached to the connection. */
  readonly connInfo?: JsonText;
  /** What authorisation attached to the subscription. */
  readonly chanInfo?: JsonText;
}

/** A message in a channel before the broker has given it an offset. */
export interface NewPublication {
  readonly data: Payload;
  /** Set when a client published, absent when the server did. */
  readonly info?: ClientInfo;
  readonly tags?: Readonly<Record<string, string>>;
  /** The key of a map that it sets or removes; absent in other channels. */
  readonly key?: string;
  /** The key is removed; `data` is null. */
  readonly removed?: true;
  /** The span that published it, for spans on other nodes; see `Span.trace`. Absent: it is not traced. Never sent to clients. */
  readonly trace?: string;
}

/** A message in a channel. */
export interface Publication extends NewPublication {
  /** 0 in a channel without history. */
  readonly offset: number;
  /** In a channel of streams: the part of an answer that `data` has. */
  readonly part?: AnswerPart;
}

/** A part of an answer as a publication. */
export function partPublication(part: AnswerPart, offset: number): Publication & { readonly part: AnswerPart } {
  return { data: partData(part), offset, part };
}

/** What is left of two publications of one answer for who gets both at once. */
export function joinPublications(older: Publication | undefined, newer: Publication): Publication {
  if (older?.part === undefined || newer.part === undefined) return newer;
  return partPublication(joinParts(older.part, newer.part), newer.offset);
}

/** Written out, because a spread takes thirty times as long, and this runs for each publication. */
export function publicationAt(publication: NewPublication, offset: number): Publication {
  const { data, info, tags, trace, key } = publication;
  if (key !== undefined) return changeAt(publication, key, offset);
  // Seldom: the spread is for publications that are traced.
  if (trace !== undefined) return { data, offset, ...(info && { info }), ...(tags && { tags }), trace };
  if (tags !== undefined) return info === undefined ? { data, offset, tags } : { data, offset, info, tags };
  return info === undefined ? { data, offset } : { data, offset, info };
}

/** A change of a map. The usual one is short, since a map keeps it for each of its keys. */
function changeAt({ data, info, tags, trace, removed }: NewPublication, key: string, offset: number): Publication {
  if (info === undefined && tags === undefined && trace === undefined && removed === undefined) {
    return { data, offset, key };
  }
  return {
    data,
    offset,
    key,
    ...(info && { info }),
    ...(tags && { tags }),
    ...(removed && { removed }),
    ...(trace !== undefined && { trace }),
  };
}
