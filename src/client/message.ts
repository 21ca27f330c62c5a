/** Messages and members of a channel, in the client's own types. */

import type { ClientInfo, PublicationContext } from 'centrifuge';

/** A client in a channel. */
export interface Member {
  /** Empty for an anonymous connection. */
  readonly user: string;
  /** Id of the connection. */
  readonly client: string;
  readonly connInfo?: unknown;
  readonly chanInfo?: unknown;
}

/** One publication. */
export interface Message<Data> {
  readonly data: Data;
  /** Absent in a channel without history. */
  readonly offset?: number;
  /** The client that published it; absent when the server did. */
  readonly info?: Member;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A position in a channel's stream. */
export interface StreamPosition {
  readonly offset: number;
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

export function toMessage<Data>({ data, offset, info, tags }: PublicationContext): Message<Data> {
  return {
    // safe: the server checks messages with the channel's schema
    data: data as Data,
    ...(offset !== undefined && { offset }),
    ...(info !== undefined && { info: toMember(info) }),
    ...(tags !== undefined && { tags }),
  };
}
