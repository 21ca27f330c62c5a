/** What is kept of a connection between two visits. */

import * as v from 'valibot';
import type { Handshake } from '../engine/ports/connection.js';
import { sessionRecord } from '../engine/sessions/session-record.js';
import type { IndexKind } from './function-store.js';

const connectionState = v.object({
  /** Where the gateway has the connection. */
  endpoint: v.string(),
  /** The client's id; see {@link clientIdOf}. */
  client: v.string(),
  handshake: v.object({
    headers: v.record(v.string(), v.string()),
    url: v.string(),
    remoteAddress: v.string(),
  }),
  /** Unix milliseconds. */
  beganAtMs: v.number(),
  /** When the last ping was sent, or the client was let in. */
  pingedAtMs: v.number(),
  /** When its entries in presence were last renewed, and it was found open. Absent: when it was let in. */
  checkedAtMs: v.exactOptional(v.number()),
  /** `refused`: the client was told that it may not connect, and should leave. */
  phase: v.picklist(['new', 'refused', 'connected']),
  session: v.exactOptional(sessionRecord),
});

export type ConnectionState = v.InferInput<typeof connectionState>;

/** @throws ValiError for what {@link encodeState} has not written */
export function decodeState(text: string): ConnectionState {
  // safe: checked, and kept as it was written, defaults left out
  const value = JSON.parse(text) as ConnectionState;
  v.assert(connectionState, value);
  return value;
}

export function encodeState(state: ConnectionState): string {
  return JSON.stringify(state);
}

export function writtenHandshake({ headers, url, remoteAddress }: Handshake): ConnectionState['handshake'] {
  return { headers: Object.fromEntries(headers), url, remoteAddress };
}

export function readHandshake({ headers, url, remoteAddress }: ConnectionState['handshake']): Handshake {
  return { headers: new Map(Object.entries(headers)), url, remoteAddress };
}

/** Gateways do not promise that their ids cannot be guessed, and operations find a connection by its client. */
export function clientIdOf(connection: string, random: string): string {
  return `${connection}.${random}`;
}

/** The connection of a {@link clientIdOf}. */
export function connectionOf(client: string): string {
  return client.slice(0, client.lastIndexOf('.'));
}

/** A name under which the connection is found. */
export interface IndexEntry {
  readonly kind: IndexKind;
  readonly name: string;
}

export function indexEntriesOf({ session }: Pick<ConnectionState, 'session'>): IndexEntry[] {
  if (session === undefined) return [];
  const { identity, subscriptions } = session;
  const tokens = new Set(subscriptions.flatMap(({ grant }) => grant.tokenId ?? []));
  if (identity.tokenId !== undefined) tokens.delete(identity.tokenId);
  return [
    ...indexEntriesOfIdentity(identity),
    ...[...tokens].map((name) => ({ kind: 'token', name }) as const),
    ...subscriptions.map(({ channel }) => ({ kind: 'channel', name: channel }) as const),
  ];
}

/** Under which orders for a client are found that has just been recognised. */
export function indexEntriesOfIdentity({
  user,
  tokenId,
}: {
  readonly user: string;
  readonly tokenId?: string | undefined;
}) {
  const entries: IndexEntry[] = [];
  if (user !== '') entries.push({ kind: 'user', name: user });
  if (tokenId !== undefined) entries.push({ kind: 'token', name: tokenId });
  return entries;
}

/** Entries of the first list that are not in the second. */
export function entriesBeyond(entries: readonly IndexEntry[], others: readonly IndexEntry[]): IndexEntry[] {
  const known = new Set(others.map(({ kind, name }) => `${kind} ${name}`));
  return entries.filter(({ kind, name }) => !known.has(`${kind} ${name}`));
}
