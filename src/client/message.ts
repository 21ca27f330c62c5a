/** Messages and members of a channel, in the client's own types. */

import type { ClientInfo, PublicationContext } from 'centrifuge';
import { bytesFromBase64, toBase64 } from '../model/base64.js';

/** A client in a channel. */
export interface Member {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Id of the connection. */
  readonly client: string;
  /** What authentication says of the connection; any JSON. */
  readonly connInfo?: unknown;
  /** What the permission to subscribe says; any JSON. */
  readonly chanInfo?: unknown;
}

/** One publication. */
export interface Message<Data> {
  /** What was published; its type is that of the channel's schema. */
  readonly data: Data;
  /** Absent in a channel without history. */
  readonly offset?: number;
  /** The client that published it; absent when the server did. */
  readonly info?: Member;
  /** What was published with it, for filters. Absent: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A position in a channel's stream. */
export interface StreamPosition {
  /** Number of the newest message before it, counted from 1. */
  readonly offset: number;
  /** Id of the history that the offset counts in. */
  readonly epoch: string;
}

export function toMember({ user, client, connInfo, chanInfo }: ClientInfo): Member {
  return {
    user,
    client,
    ...(connInfo !== undefined && { connInfo }),
    ...(chanInfo !== undefined && { chanInfo }),
  };
}

/** @param areBytes whether the channel has bytes */
export function toMessage<Data>({ data, offset, info, tags }: PublicationContext, areBytes = false): Message<Data> {
  return {
    // safe: the server checks messages with the channel's schema
    data: dataOf(data, areBytes) as Data,
    ...(offset !== undefined && { offset }),
    ...(info !== undefined && { info: toMember(info) }),
    ...(tags !== undefined && { tags }),
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** In protobuf all data is bytes, and in JSON bytes are base64: only the channel tells what they stand for. */
export function dataOf(data: unknown, areBytes: boolean): unknown {
  if (areBytes) return typeof data === 'string' ? (bytesFromBase64(data) ?? data) : data;
  if (!(data instanceof Uint8Array)) return data;
  try {
    return JSON.parse(decoder.decode(data));
  } catch {
    // Of a channel of bytes whose user has not said so.
    return data;
  }
}

/** Bytes that are base64 where JSON is spoken, which is known only when they are sent. */
class SentBytes extends Uint8Array {
  toJSON(): string {
    return toBase64(this);
  }
}

/** What the SDK is given to publish. */
export function toSent(data: unknown): unknown {
  return data instanceof Uint8Array ? new SentBytes(data) : data;
}
