/** Shared parts of the tests of a broker. */

import { strict as assert } from 'node:assert';
import type { Broker, HistoryStore, PresenceStore, PublishOptions } from '../engine/ports/broker.js';
import type { MapStore } from '../engine/ports/map-store.js';
import { type ChannelName, parseChannelName } from '../model/channel-name.js';
import { type JsonText, toJsonText, trustedJsonText } from '../model/json-text.js';
import type { ClientInfo } from '../model/publication.js';
import type { RecordedEvents } from './recorded-events.js';

/** One broker with its own environment, made for each test. */
export interface BrokerUnderTest {
  /** Not yet started. */
  readonly broker: Broker;
  /** Advances the broker's clock. */
  readonly advance: (ms: number) => Promise<void>;
  /** Resolves when pending deliveries have arrived. */
  readonly settle: () => Promise<void>;
  /** Frees what `make` opened; the broker is closed already. */
  readonly close?: () => Promise<void>;
}

/** The fixture of a test: a started broker and two unused channels. */
export interface World extends BrokerUnderTest {
  readonly events: RecordedEvents;
  readonly channel: ChannelName;
  readonly other: ChannelName;
}

/** Declares one test. */
export type Claim = (name: string, body: (world: World) => Promise<void>) => void;

/** Of the streams in the suite. */
export const limits = { size: 5, ttlMs: 60_000 };

/** For tests of both kinds: with a stream if the broker keeps history. */
export function keptWhereItCanBe({ history }: Broker): PublishOptions {
  return history === undefined ? {} : { stream: limits };
}

export function historyOf({ history: store }: Broker): HistoryStore {
  assert.ok(store, 'the broker keeps history');
  return store;
}

export function mapsOf({ maps: store }: Broker): MapStore {
  assert.ok(store, 'the broker keeps maps');
  return store;
}

export function mapChangesOf({ history, mapChanges = history }: Broker): HistoryStore {
  assert.ok(mapChanges, 'the broker keeps changes of maps');
  return mapChanges;
}

export function presenceOf({ presence: store }: Broker): PresenceStore {
  assert.ok(store, 'the broker keeps presence');
  return store;
}

export function text(value: unknown): JsonText {
  const encoded = toJsonText(value);
  assert.ok(encoded !== undefined);
  return encoded;
}

/** JSON that changes when JavaScript parses and encodes it again. */
export const unusualTexts: readonly JsonText[] = [
  '{"id":1234567890123456789,"f":1.0,"e":1e400,"dup":1,"dup":2}',
  '{"z":1,"10":2 , "9":3}',
  '{"__proto__":{"a":-0},"b":"\\u00e9\\/\\n \u2028 🎺"}',
  '0.10',
].map(trustedJsonText);

export function channelName(name: string): ChannelName {
  const channel = parseChannelName(name);
  assert.ok(channel !== undefined);
  return channel;
}

export function member(client: string, user = 'u'): ClientInfo {
  return { user, client, connInfo: text({ of: client }) };
}

export function byClient(members: readonly ClientInfo[]): ClientInfo[] {
  return [...members].sort((a, b) => a.client.localeCompare(b.client));
}
